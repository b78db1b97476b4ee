import { Link } from '@tanstack/react-router';
import type { ComponentType } from 'react';

import { cx } from '../../shared/ui/cx.ts';
import { Page } from '../../shared/ui/page.tsx';
import { useParam } from '../use-param.ts';
import { AboutSettings } from './about.tsx';
import { AppSettings } from './apps.tsx';
import { CallerSettings } from './callers.tsx';
import { ErasureSettings } from './erasures.tsx';
import { HoldSettings } from './holds.tsx';
import { IdentitySettings } from './identity.tsx';
import { KeySettings } from './keys.tsx';
import { OperatorSettings } from './operators.tsx';
import { RetentionSettings } from './retention.tsx';
import { SessionSettings } from './sessions.tsx';
import { SigningSettings } from './signing.tsx';
import { WitnessSettings } from './witnesses.tsx';

interface Part {
  readonly tab: string;
  readonly name: string;
  readonly content: ComponentType;
}

const GROUPS: readonly { readonly name: string; readonly parts: readonly Part[] }[] = [
  {
    name: 'Access',
    parts: [
      { tab: 'keys', name: 'Keys', content: KeySettings },
      { tab: 'operators', name: 'People who operate', content: OperatorSettings },
      { tab: 'sessions', name: 'Sessions', content: SessionSettings },
      { tab: 'identity', name: 'Identity provider', content: IdentitySettings },
      { tab: 'callers', name: 'Callers', content: CallerSettings },
      { tab: 'apps', name: 'Apps', content: AppSettings },
    ],
  },
  {
    name: 'Keeping',
    parts: [
      { tab: 'retention', name: 'Retention', content: RetentionSettings },
      { tab: 'holds', name: 'Legal holds', content: HoldSettings },
      { tab: 'erasures', name: 'Erasures', content: ErasureSettings },
    ],
  },
  {
    name: 'Ledger',
    parts: [
      { tab: 'signing', name: 'Signing key', content: SigningSettings },
      { tab: 'witnesses', name: 'Witnesses', content: WitnessSettings },
      { tab: 'about', name: 'About', content: AboutSettings },
    ],
  },
];
const PARTS = GROUPS.flatMap(({ parts }) => parts);

/** Everything that is set up for an app and has no page of its own. */
export function SettingsPage() {
  const [tab = 'keys'] = useParam('tab');
  const part = PARTS.find((one) => one.tab === tab) ?? (PARTS[0] as Part);
  const Content = part.content;
  return (
    <Page title="Settings">
      <div className="flex gap-8 max-lg:flex-col max-lg:gap-4">
        <SettingsNav current={part.tab} />
        <div className="min-w-0 grow">
          <Content key={part.tab} />
        </div>
      </div>
    </Page>
  );
}

function SettingsNav({ current }: { readonly current: string }) {
  return (
    <nav
      aria-label="Settings"
      className="flex shrink-0 gap-x-1 gap-y-4 max-lg:flex-wrap max-lg:gap-y-1 lg:w-44 lg:flex-col"
    >
      {GROUPS.map(({ name, parts }) => (
        <div key={name} className="max-lg:contents">
          <p className="mb-1 px-2.5 text-xs font-medium text-ink-3 max-lg:hidden">{name}</p>
          <ul className="flex lg:flex-col max-lg:contents">
            {parts.map((part) => (
              <li key={part.tab}>
                <Link
                  to="/settings"
                  search={{ tab: part.tab }}
                  aria-current={part.tab === current ? 'page' : undefined}
                  className={cx(
                    'block rounded-md px-2.5 py-1.5 font-medium whitespace-nowrap',
                    part.tab === current
                      ? 'bg-accent-soft text-accent'
                      : 'text-ink-2 hover:bg-sunken hover:text-ink',
                  )}
                >
                  {part.name}
                </Link>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}
