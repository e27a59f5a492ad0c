export function Health(_: any) { return <h1>Health</h1>; }
