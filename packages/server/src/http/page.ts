import type { FastifyReply } from 'fastify';

import { escapeHtml } from '../escape-html.ts';

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
      `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escapeHtml(title)}</title>` +
        `<h1>${escapeHtml(title)}</h1><p>${escapeHtml(text)}</p></html>\n`,
    );
  return undefined;
}
