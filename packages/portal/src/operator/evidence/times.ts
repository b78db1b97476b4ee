/** Times between the address, which has them exact, and the fields of a form, which are local. */

const pad = (value: number, digits = 2) => String(value).padStart(digits, '0');

/** `2026-11-21T09:30:00` in the zone of the reader, for `datetime-local`; empty where there is none. */
export function toField(iso: string | undefined): string {
  const date = new Date(iso ?? Number.NaN);
  if (Number.isNaN(date.getTime())) return '';
  const day = `${pad(date.getFullYear(), 4)}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  return `${day}T${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
}

/** ISO 8601 in UTC; undefined for an empty field. */
export function fromField(text: string): string | undefined {
  const date = new Date(text);
  return text === '' || Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

/** A position as somebody types it, with or without separators; undefined for anything else. */
export function readPlace(text: string): number | undefined {
  const digits = text.replaceAll(/[\s,.']/g, '');
  return /^\d{1,15}$/.test(digits) ? Number(digits) : undefined;
}
