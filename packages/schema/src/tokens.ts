import { z } from 'zod';

import { freeContext } from './field-types.ts';
import { LIMITS } from './limits.ts';

/** Minted tokens (`POST /v1/tokens`): short-lived bearers for one grant, some scopes, one run. */

export const TOKEN_LIMITS = {
  ttlSeconds: 3600,
  ttlDefaultSeconds: 900,
} as const;

const id = () => z.string().min(1).max(LIMITS.idCharacters);

/** Either `grant_id` or `provider`. Without `scopes` all that the grant has is asked for. */
export const TokenBody = z.strictObject({
  grant_id: id().optional(),
  provider: id().optional(),
  principal_id: id().optional(),
  scopes: z.array(id()).max(LIMITS.listItems).optional(),
  ttl_seconds: z.int().min(1).max(TOKEN_LIMITS.ttlSeconds).default(TOKEN_LIMITS.ttlDefaultSeconds),
  run_id: id().optional(),
  task_context: z.string().min(1).max(1000).optional(),
  thread_id: id().optional(),
  tenant_id: id().optional(),
  caller: id().optional(),
  reason: z.string().min(1).max(LIMITS.reasonCharacters).optional(),
  context: freeContext().schema.optional(),
  app_id: id().optional(),
});
export type TokenBody = z.infer<typeof TokenBody>;
