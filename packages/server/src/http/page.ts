import type { FastifyReply } from 'fastify';

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

const escaped = (text: string) => text.replaceAll(/[&<>"]/g, (one) => ESCAPES[one] as string);

/** A page of two sentences for a person; it can load nothing, and nobody can frame it. */
export function page(reply: FastifyReply, status: number, title: string, text: string): undefined {
  void reply
    .code(status)
    .header(
      'content-security-policy',
      "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    )
    .header('x-frame-options', 'DENY')
    .type('text/html; charset=utf-8')
    .send(
      `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escaped(title)}</title>` +
        `<h1>${escaped(title)}</h1><p>${escaped(text)}</p></html>\n`,
    );
  return undefined;
}
