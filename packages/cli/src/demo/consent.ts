const STEPS_MAX = 20;

/**
 * What a person does with a link to an OAuth server: signs in and consents, as in a browser. Resolves
 * with where they are sent back to. Knows the plain forms of oidc-provider.
 */
export async function consent(url: string, login: string, signal: AbortSignal): Promise<string> {
  const { origin } = new URL(url);
  const cookies = new Map<string, string>();
  let next = url;
  let form: URLSearchParams | null = null;
  for (let step = 0; step < STEPS_MAX; step++) {
    if (new URL(next).origin !== origin) return next;
    const response: Response = await fetch(next, {
      redirect: 'manual',
      signal,
      headers: { cookie: [...cookies].map((pair) => pair.join('=')).join('; ') },
      ...(form === null ? {} : { method: 'POST', body: form }),
    });
    form = null;
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      cookies.set(name, value);
    }
    const page = await response.text();
    const location = response.headers.get('location');
    if (location !== null) {
      next = new URL(location, next).href;
      continue;
    }
    const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1];
    const action = /<form[^>]* action="([^"]+)"/.exec(page)?.[1];
    if (prompt === undefined || action === undefined) break;
    next = new URL(action, next).href;
    form = new URLSearchParams({ prompt, login, password: 'any' });
  }
  throw new Error(`the OAuth server did not lead back from ${next}`);
}
