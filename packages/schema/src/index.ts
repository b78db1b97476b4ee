export * from './context.ts';
export * from './errors.ts';
export * from './event-types.ts';
export * from './ids.ts';
export * from './policy.ts';
export * from './record.ts';
export * from './resources.ts';
export * from './sensitive.ts';
