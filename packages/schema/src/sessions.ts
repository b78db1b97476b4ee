import { z } from 'zod';

import { LIMITS } from './limits.ts';
import { Role } from './roles.ts';

/** How people sign in: bodies of the calls that begin a session. */

const appId = { app_id: z.string().min(1).max(LIMITS.idCharacters).optional() };
const secret = () => z.string().min(1).max(1024);

/** Body of `POST /v1/sessions`: the token of a one-time link, or an API key. */
export const SessionBody = z
  .strictObject({ link: secret().optional(), key: secret().optional() })
  .refine((body) => (body.link === undefined) !== (body.key === undefined), {
    path: ['link'],
    error: 'link or key, one of them',
  });

/** Body of `POST /v1/sign-in-links`. */
export const SignInLinkBody = z.strictObject({
  role: Role.default('owner'),
  /** Who it is for, as the record will name them. */
  name: z.string().trim().min(1).max(128).optional(),
  ...appId,
});
export type SignInLinkBody = z.infer<typeof SignInLinkBody>;

/** Body of `POST /v1/wallet/sessions`. */
export const WalletLinkBody = z.strictObject({
  principal_id: z.string().min(1).max(LIMITS.idCharacters),
  principal_type: z.enum(['user', 'group', 'system', 'agent']).default('user'),
  ...appId,
});
export type WalletLinkBody = z.infer<typeof WalletLinkBody>;

/** Body of `POST /v1/wallet/session`. */
export const WalletSessionBody = z.strictObject({ link: secret() });

/** Body of `POST /v1/wallet/erasure-requests`. */
export const ErasureRequestBody = z.strictObject({
  reason: z.string().trim().min(1).max(LIMITS.reasonCharacters).optional(),
});
