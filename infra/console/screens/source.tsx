export function SourceScreen(_: any) { return <h1>SourceScreen</h1>; }
