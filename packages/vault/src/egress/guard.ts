/**
 * Which addresses the broker may call (server-side request forgery guard).
 *
 * Input an attacker controls: the host of every URL, what that host resolves to, and where a
 * provider redirects. An address is refused unless it is global unicast (IANA special-purpose
 * registries, RFC 6890) or lies in a range the operator allowed. What does not parse is refused.
 */
import { promises as dns } from 'node:dns';
import type { LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import type { LookupFunction } from 'node:net';
import { callbackify } from 'node:util';
import ipaddr from 'ipaddr.js';
import { AffidavitError } from '@affidavit/schema';

type Address = ReturnType<typeof ipaddr.process>;
type Range = readonly [Address, number];

/** All addresses of a host name; `family` is 0 for both, 4 or 6. */
export type ResolveHost = (
  hostname: string,
  family: 0 | 4 | 6,
) => Promise<readonly LookupAddress[]>;

export interface EgressGuardSettings {
  /** CIDRs (or single addresses) that may be called although they are not global unicast. */
  readonly allow: readonly string[];
  /** Defaults to the resolver of the operating system. */
  readonly resolve?: ResolveHost;
}

export interface EgressGuard {
  /** Throws `egress_blocked` unless the IP address may be called. */
  checkAddress(ip: string): void;
  /** Throws `egress_blocked` unless scheme, authority and (if literal) address may be called. */
  checkUrl(url: URL): void;
  /**
   * For `net.connect`: resolves every address of a name and fails with `egress_blocked` if any one
   * of them is refused, so that the addresses checked are the addresses connected to.
   */
  readonly lookup: LookupFunction;
  /**
   * Rejects with `egress_blocked` unless credentials may be sent to the URL: https, or http to a
   * host of which the operator allowed every address.
   */
  checkConfidential(url: URL): Promise<void>;
}

/** Global by registry, yet served by the hypervisor to the machine itself (Azure WireServer). */
const HOST_SERVICES: readonly Range[] = [ipaddr.parseCIDR('168.63.129.16/32')];
/** The only block IANA assigns global unicast from (RFC 4291 section 2.4). */
const GLOBAL_IPV6: Range = ipaddr.parseCIDR('2000::/3');
/** NAT64 well-known prefix; its last 32 bits are the IPv4 address reached (RFC 6052). */
const NAT64: Range = ipaddr.parseCIDR('64:ff9b::/96');
const MAPPED_IPV4: Range = ipaddr.parseCIDR('::ffff:0:0/96');

/** IPv4-compatible IPv6 (RFC 4291 section 2.5.5.1, deprecated), which ipaddr.js takes for mapped. */
const IPV4_COMPATIBLE = /^[0:]+:\d+\.\d+\.\d+\.\d+$/;

const resolveByOperatingSystem: ResolveHost = (hostname, family) =>
  dns.lookup(hostname, { all: true, family, order: 'verbatim' });

function blocked(message: string, cause?: unknown): AffidavitError {
  return new AffidavitError('egress_blocked', message, cause === undefined ? {} : { cause });
}

function inRange(address: Address, [network, bits]: Range): boolean {
  return address.kind() === network.kind() && address.match(network, bits);
}

function malformedEntry(entry: string): AffidavitError {
  return new AffidavitError(
    'invalid_request',
    `the allowed egress range ${JSON.stringify(entry)} is not a CIDR`,
    { field: 'AFFIDAVIT_EGRESS_ALLOW', expected: 'CIDRs such as 10.0.0.0/8 or fd00::/8' },
  );
}

/** `10.0.0.0/8`, `fd00::/8`, or one address. Addresses are compared unmapped, so ranges are too. */
function parseRange(entry: string): Range {
  const [, host, bits] = /^([0-9a-f.:]+)(?:\/(\d{1,3}))?$/i.exec(entry.trim()) ?? [];
  const family = host === undefined ? 0 : isIP(host);
  if (host === undefined || family === 0) throw malformedEntry(entry);
  const size = family === 4 ? 32 : 128;
  const prefix = bits === undefined ? size : Number(bits);
  if (prefix > size) throw malformedEntry(entry);
  const address = ipaddr.parse(host);
  if (!inRange(address, MAPPED_IPV4)) return [address, prefix];
  if (prefix < 96) throw malformedEntry(entry);
  return [ipaddr.process(host), prefix - 96];
}

/** Why an address may not be called, or null when it is global unicast. */
function refusal(address: Address): string | null {
  if (HOST_SERVICES.some((range) => inRange(address, range))) return 'host service';
  const range = address.range();
  if (range !== 'unicast') return range;
  if (address.kind() === 'ipv4') return null;
  if ('zoneId' in address && address.zoneId !== undefined) return 'zoned';
  return inRange(address, GLOBAL_IPV6) ? null : 'reserved';
}

function embeddedIPv4(address: Address): Address {
  return ipaddr.fromByteArray(address.toByteArray().slice(12));
}

/** IP literals in WHATWG hosts: IPv4 comes normalised to dotted decimal, IPv6 in brackets. */
export function literalAddress(hostname: string): string | null {
  const host = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  return isIP(host) === 0 ? null : host;
}

/** Builds the guard. Throws `invalid_request` naming an `allow` entry that does not parse. */
export function createEgressGuard(settings: EgressGuardSettings): EgressGuard {
  const allowed = settings.allow.map(parseRange);
  const resolve = settings.resolve ?? resolveByOperatingSystem;
  const isAllowed = (address: Address): boolean => allowed.some((range) => inRange(address, range));

  const refusalOf = (ip: string): string | null => {
    if (isIP(ip) === 0) return 'not an address';
    if (IPV4_COMPATIBLE.test(ip)) return 'reserved';
    const address = ipaddr.process(ip);
    if (isAllowed(address)) return null;
    if (!inRange(address, NAT64)) return refusal(address);
    const inner = embeddedIPv4(address);
    return isAllowed(inner) ? null : refusal(inner);
  };

  const checkAddress = (ip: string): void => {
    const reason = refusalOf(ip);
    if (reason !== null) {
      throw blocked(`the address ${ip.slice(0, 64)} may not be called (${reason})`);
    }
  };

  const checkUrl = (url: URL): void => {
    if (url.protocol !== 'http:' && url.protocol !== 'https:') {
      throw blocked('only http and https addresses may be called');
    }
    if (url.username !== '' || url.password !== '') {
      throw blocked('an address with a user name or password may not be called');
    }
    if (url.hostname === '') throw blocked('an address without a host may not be called');
    const literal = literalAddress(url.hostname);
    if (literal !== null) checkAddress(literal);
  };

  const resolveChecked = async (hostname: string, family: 0 | 4 | 6): Promise<LookupAddress[]> => {
    const found = await resolve(hostname, family);
    for (const { address } of found) {
      const reason = refusalOf(address);
      if (reason !== null) {
        const detail = new Error(`${hostname} resolves to ${address} (${reason})`);
        throw blocked(`the host resolves to an address that may not be called (${reason})`, detail);
      }
    }
    if (found.length > 0) return [...found];
    throw Object.assign(new Error(`${hostname} has no address`), { code: 'ENOTFOUND' });
  };

  const checkConfidential = async (url: URL): Promise<void> => {
    checkUrl(url);
    if (url.protocol === 'https:') return;
    const literal = literalAddress(url.hostname);
    const found = literal === null ? await resolveChecked(url.hostname, 0) : [{ address: literal }];
    if (found.every(({ address }) => isAllowed(ipaddr.process(address)))) return;
    throw blocked('credentials are sent by http only to addresses that AFFIDAVIT_EGRESS_ALLOW has');
  };

  const lookupChecked = callbackify(resolveChecked);
  const lookup: LookupFunction = (hostname, options, callback) => {
    const family = options.family === 4 || options.family === 6 ? options.family : 0;
    lookupChecked(hostname, family, (error, found) => {
      const [first] = found ?? [];
      if (error !== null || first === undefined) callback(error, []);
      else if (options.all === true) callback(null, found);
      else callback(null, first.address, first.family);
    });
  };

  return { checkAddress, checkUrl, lookup, checkConfidential };
}
