/** IP addresses and networks as Cedar's `ip()` takes them. Both come from outside. */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/**
 * The address in canonical form, an IPv4 address inside IPv6 (`::ffff:10.0.0.1`) as IPv4 and
 * without a zone (`%eth0`); undefined when it is no address.
 */
export function sourceAddress(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const [address = ''] = text.split('%');
  if (isIP(address) === 0) return undefined;
  return ipaddr.process(address).toString();
}

const MAPPED_BITS = 96;

function unmapped(address: string, bits: number): { address: string; bits: number } | null {
  const parsed = ipaddr.parse(address);
  if (!(parsed instanceof ipaddr.IPv6) || !parsed.isIPv4MappedAddress()) return { address, bits };
  if (bits < MAPPED_BITS) return null;
  return { address: parsed.toIPv4Address().toString(), bits: bits - MAPPED_BITS };
}

/**
 * A network in canonical form: `10.1.2.3/8` is `10.0.0.0/8`, a bare address is a network of
 * one, and an IPv4 network inside IPv6 is given as IPv4. Null when it is no network.
 */
export function canonicalCidr(text: string): string | null {
  const [base = '', prefix, ...rest] = text.split('/');
  const version = base.includes('%') ? 0 : isIP(base);
  if (version === 0 || rest.length > 0) return null;
  const most = version === 4 ? 32 : 128;
  if (prefix !== undefined && !/^(0|[1-9]\d{0,2})$/.test(prefix)) return null;
  const bits = prefix === undefined ? most : Number(prefix);
  if (bits > most) return null;
  const network = unmapped(base, bits);
  if (network === null) return null;
  const cidr = `${network.address}/${network.bits}`;
  const family = ipaddr.parse(network.address) instanceof ipaddr.IPv4 ? ipaddr.IPv4 : ipaddr.IPv6;
  return `${family.networkAddressFromCIDR(cidr).toString()}/${network.bits}`;
}
