/** Values to choose from, each as people read it. */
export type Choices<T extends string> = readonly (readonly [value: T, text: string])[];
