/** What a client says that it can read (RFC 9110, section 12.5). Anyone may have written it. */

/** Whether a list of an Accept header names this, with a weight above 0. */
function names(header: string | undefined, wanted: string): boolean {
  return (header ?? '').split(',').some((item) => {
    const [name = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase());
    return name === wanted && !parameters.some((one) => /^q=0(\.0*)?$/.test(one));
  });
}

export const acceptsGzip = (header: string | undefined) => names(header, 'gzip');

export const acceptsNdjson = (header: string | undefined) => names(header, 'application/x-ndjson');
