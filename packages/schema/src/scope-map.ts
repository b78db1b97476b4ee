/**
 * Scope maps of providers: which methods and paths a scope opens. Input that whoever may configure
 * providers controls.
 */
import { z } from 'zod';

import { LIMITS } from './limits.ts';
import { POLICY_LIMITS } from './policy.ts';

const RULES_MAX = 50;
const SCOPES_MAX = 200;

/**
 * What is left out is not limited. In a path `*` stands for any characters, `/` included; paths
 * are whole, as in the policy template `methods`.
 */
export const ScopeRule = z
  .strictObject({
    methods: z
      .array(z.string().regex(/^[A-Za-z]{1,16}$/, 'must be an HTTP method such as GET'))
      .min(1)
      .max(POLICY_LIMITS.methods)
      .optional(),
    paths: z
      .array(
        z.string().max(POLICY_LIMITS.pathCharacters).regex(/^[/*]/, 'must start with / (or *)'),
      )
      .min(1)
      .max(POLICY_LIMITS.paths)
      .optional(),
  })
  .refine((rule) => rule.methods !== undefined || rule.paths !== undefined, {
    path: ['methods'],
    message: 'must be given, or paths, or both',
  });
export type ScopeRule = z.infer<typeof ScopeRule>;

/** By scope: a call is within it where any of its rules fits. */
export const ScopeMap = z
  .record(z.string().min(1).max(LIMITS.idCharacters), z.array(ScopeRule).min(1).max(RULES_MAX))
  .refine((map) => Object.keys(map).length <= SCOPES_MAX, {
    message: `at most ${SCOPES_MAX} scopes`,
  });
export type ScopeMap = z.infer<typeof ScopeMap>;
