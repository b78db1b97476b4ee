/** Layers: how far a policy reaches, told by its scope. */
import type { PolicyLayer } from './types.ts';

/** From the widest to the narrowest: the order in which policies are looked at. */
export const LAYERS: readonly PolicyLayer[] = ['app', 'provider', 'grant', 'agent'];

/** Of several, the widest. */
export function widest(layers: readonly PolicyLayer[]): PolicyLayer {
  return LAYERS.find((layer) => layers.includes(layer)) ?? 'app';
}

interface Scope {
  readonly principal: { readonly op: string };
  readonly resource: { readonly op: string };
}

/** The type of the one entity that a constraint names; undefined where it names none. */
function namedType(constraint: { readonly op: string; readonly entity?: unknown }) {
  if (constraint.op !== '==' && constraint.op !== 'in') return undefined;
  const entity = constraint.entity as { __entity?: { type: string }; type?: string } | undefined;
  return entity?.__entity?.type ?? entity?.type;
}

/** The layer of one statement: an agent, else a grant, else a provider, else the whole app. */
export function layerOfScope({ principal, resource }: Scope): PolicyLayer {
  if (namedType(principal) !== undefined) return 'agent';
  const type = namedType(resource);
  if (type === 'Grant') return 'grant';
  return type === 'Provider' ? 'provider' : 'app';
}
