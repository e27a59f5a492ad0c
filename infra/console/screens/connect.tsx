export function Connect(_: any) { return <h1>Connect</h1>; }
