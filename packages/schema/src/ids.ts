import { V7Generator } from 'uuidv7';

/** Prefixes of ids; the part behind is a UUIDv7 in hex, so ids sort by the time they were made. */
export const ID_PREFIXES = {
  app: 'app_',
  agent: 'agt_',
  key: 'key_',
  provider: 'prv_',
  secret: 'sec_',
  grant: 'grt_',
  policy: 'pol_',
  token: 'tok_',
  execution: 'exe_',
  event: 'evt_',
  destination: 'dst_',
  deadLetter: 'dlt_',
  replay: 'rpl_',
  monitor: 'mon_',
  hold: 'hld_',
  erasure: 'ers_',
  witness: 'wit_',
  connect: 'con_',
  approval: 'apr_',
  export: 'exp_',
  alarm: 'alm_',
  operator: 'opr_',
  session: 'ses_',
} as const;

export type IdKind = keyof typeof ID_PREFIXES;

/** Random numbers are drawn in bulk: one call to the platform for some four hundred ids. */
const drawn = new Uint32Array(1024);
let taken = drawn.length;

const generator = new V7Generator({
  nextUint32: () => {
    if (taken === drawn.length) {
      crypto.getRandomValues(drawn);
      taken = 0;
    }
    return drawn[taken++] as number;
  },
});

/** A fresh id such as `evt_0199f0c2a1b27c3d8e4f5a6b7c8d9e0f`. */
export function newId(kind: IdKind): string {
  return ID_PREFIXES[kind] + generator.generate().toHex();
}
