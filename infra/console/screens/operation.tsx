export function OperationScreen(_: any) { return <h1>OperationScreen</h1>; }
