export function PageScreen(_: any) { return <h1>PageScreen</h1>; }
