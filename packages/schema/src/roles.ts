import { z } from 'zod';

import { LIMITS } from './limits.ts';

/** What people may do in an app, and the keys that are minted for a role. */

export const ROLES = ['owner', 'admin', 'analyst', 'auditor', 'approver'] as const;
export const Role = z.enum(ROLES);
export type Role = z.infer<typeof Role>;

const email = () =>
  z
    .string()
    .max(320)
    .regex(/^[^\s@]+@[^\s@]+$/, 'must be an address such as ada@example.com')
    .transform((address) => address.toLowerCase());
/** The `sub` of the person at the identity provider. */
const subject = () => z.string().min(1).max(255);
const name = () => z.string().trim().min(1).max(128);
const appId = { app_id: z.string().min(1).max(LIMITS.idCharacters).optional() };

/** Body of `POST /v1/operators`. Who signs in is found by `subject`, else by a verified `email`. */
export const OperatorBody = z
  .strictObject({
    email: email().optional(),
    subject: subject().optional(),
    name: name().optional(),
    role: Role,
    ...appId,
  })
  .refine((body) => body.email !== undefined || body.subject !== undefined, {
    error: 'email or subject',
  });

export const OperatorPatch = z
  .strictObject({ name: name().optional(), role: Role.optional(), ...appId })
  .refine((body) => body.name !== undefined || body.role !== undefined, { error: 'name or role' });
