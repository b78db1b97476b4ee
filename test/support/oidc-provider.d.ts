/** What the tests use of oidc-provider, which brings no types. */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http';

  export interface FoundToken {
    readonly accountId: string;
    readonly scope: string;
    readonly isExpired: boolean;
  }

  export class Provider {
    constructor(issuer: string, configuration: object);
    readonly AccessToken: { find(token: string): Promise<FoundToken | undefined> };
    callback(): (request: IncomingMessage, response: ServerResponse) => void;
    on(event: string, heard: (...args: never[]) => void): this;
  }

  export default Provider;
}
