export function Search(_: any) { return <h1>Search</h1>; }
