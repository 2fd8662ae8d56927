export const functions: string[];
export function bundleFunction(entry: string): string;
export function bundleFunctions(): string[];
