import { AffidavitError, type VerbDefinition } from '@affidavit/schema';
import type { ValidateFunction } from 'ajv/dist/2020.js';

import type { Provider, Verb } from '../ports.ts';
import { callTarget, checkSendable, isInScope } from '../target.ts';
import { compileArgsSchema } from './args-schema.ts';
import { readRequestTemplate, type RequestTemplate } from './outgoing.ts';

/** A verb ready to use. */
export interface CompiledVerb {
  readonly request: RequestTemplate;
  readonly validate: ValidateFunction;
}

/** Throws `invalid_request` for a definition that cannot work. */
export function compileVerb(verb: VerbDefinition): CompiledVerb {
  return { request: readRequestTemplate(verb), validate: compileArgsSchema(verb.args_schema) };
}

/** Throws where every call of the verb would be refused: its address lies outside the provider. */
export function checkVerb(verb: VerbDefinition, provider: Provider): void {
  const { request } = compileVerb(verb);
  const url = request.url.pieces
    .map((piece) => ('literal' in piece ? piece.literal : 'x'))
    .join('');
  const { headers } = verb;
  checkSendable({ method: verb.method, url, ...(headers ? { headers } : {}) });
  if (isInScope(provider, callTarget(provider, { method: verb.method, url }))) return;
  throw new AffidavitError('invalid_request', `url is not below ${provider.base_url}`, {
    field: 'url',
    expected: `a path, or an address below ${provider.base_url}`,
  });
}

/** Verbs as they were compiled; one that changed is another object. */
export class CompiledVerbs {
  readonly #known = new WeakMap<Verb, CompiledVerb>();

  of(verb: Verb): CompiledVerb {
    const known = this.#known.get(verb);
    if (known) return known;
    const compiled = compileVerb(verb);
    this.#known.set(verb, compiled);
    return compiled;
  }
}
