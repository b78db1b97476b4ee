const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for any place in HTML: what stands in entries and filters was written by anyone. */
export const escapeHtml = (text: string) =>
  text.replaceAll(/[&<>"']/g, (one) => ESCAPES[one] as string);
