/** What the tests use of oidc-provider, which brings no types. */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http';

  export interface FoundToken {
    readonly accountId: string;
    readonly scope: string;
    readonly isExpired: boolean;
  }

  export interface TokenRequest {
    readonly oidc: {
      readonly client: object;
      readonly params: Readonly<Record<string, string | undefined>>;
    };
    status: number;
    body: object;
  }

  export class Provider {
    constructor(issuer: string, configuration: object);
    readonly AccessToken: {
      find(token: string): Promise<(FoundToken & { readonly grantId: string }) | undefined>;
      new (claims: object): { expiresIn?: number; save(): Promise<string> };
    };
    registerGrantType(
      name: string,
      handle: (request: TokenRequest) => Promise<void>,
      parameters: readonly string[],
    ): void;
    callback(): (request: IncomingMessage, response: ServerResponse) => void;
    on(event: string, heard: (...args: never[]) => void): this;
  }

  export default Provider;
}
