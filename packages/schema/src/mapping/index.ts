export * from './ecs.ts';
export * from './ocsf-classes.ts';
export * from './ocsf.ts';
