/** What a capability imports: the only barrel file. */
export * from './compose.ts';
export * from './declaration.ts';
export * from './expression.ts';
