/** What the demo uses of oidc-provider, which brings no types. */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http';

  interface FoundToken {
    readonly accountId: string;
    readonly grantId: string;
    readonly scope: string;
    readonly isExpired: boolean;
    destroy(): Promise<void>;
  }

  interface FoundGrant {
    readonly openid: { scope: string };
    save(): Promise<string>;
  }

  export class Provider {
    constructor(issuer: string, configuration: object);
    readonly AccessToken: { find(token: string): Promise<FoundToken | undefined> };
    readonly Grant: { find(grantId: string): Promise<FoundGrant | undefined> };
    callback(): (request: IncomingMessage, response: ServerResponse) => void;
  }
}
