export function docsTable(root: string): Record<string, { signature: string; doc?: string }>;
export function writeDocs(root: string, files: readonly string[]): void;
