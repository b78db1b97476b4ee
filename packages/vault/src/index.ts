export * from './answer.ts';
export * from './call.ts';
export * from './credential.ts';
export { createEgress, isBelow, type Egress } from './egress/call.ts';
export { createEgressGuard, type EgressGuard } from './egress/guard.ts';
export * from './policy/index.ts';
export * from './ports.ts';
export * from './sealing.ts';
