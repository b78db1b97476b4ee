/** A scope map as lines that people write: `mail.read  GET,HEAD  /messages* /labels`. */

export interface Rule {
  readonly methods?: readonly string[];
  readonly paths?: readonly string[];
}
export type ScopeMap = Readonly<Record<string, readonly Rule[]>>;

export function scopeMapText(map: ScopeMap | undefined): string {
  return Object.entries(map ?? {})
    .flatMap(([scope, rules]) =>
      rules.map(({ methods, paths }) =>
        [scope, methods?.join(',') ?? '*', ...(paths ?? [])].join(' '),
      ),
    )
    .join('\n');
}

/** The line that cannot be read, from 1; or the map. */
export function readScopeMap(text: string): ScopeMap | { readonly wrongLine: number } {
  const map: Record<string, Rule[]> = {};
  for (const [index, line] of text.split('\n').entries()) {
    const [scope, methods, ...paths] = line.trim().split(/\s+/);
    if (scope === '' || scope === undefined) continue;
    const isOpen = methods === '*' && paths.length === 0;
    if (methods === undefined || isOpen || scope === '__proto__') return { wrongLine: index + 1 };
    const rule = {
      ...(methods === '*' ? {} : { methods: methods.split(',').filter((one) => one !== '') }),
      ...(paths.length === 0 ? {} : { paths }),
    };
    map[scope] = [...(map[scope] ?? []), rule];
  }
  return map;
}

export const isWrong = (
  read: ReturnType<typeof readScopeMap>,
): read is { readonly wrongLine: number } => typeof read['wrongLine'] === 'number';
