/** The sealed secret of the client is bound to its row. */
export const identityProviderPurpose = (app: number, audience: string) =>
  `identity provider ${app} ${audience}`;
