import { randomBytes } from 'node:crypto';
import { once } from 'node:events';

import { Affidavit } from '@affidavit/sdk';
import type { Command } from 'commander';

import { connectionOf } from '../connection.ts';
import { startCalendar, type Calendar } from '../demo/calendar.ts';
import { inventSecrets, keyringOf, PEOPLE, setTheStage } from '../demo/cast.ts';
import type { Cast, Secrets } from '../demo/cast.ts';
import { delegate, type Delegated } from '../demo/delegation.ts';
import { play } from '../demo/play.ts';
import * as report from '../demo/report.ts';
import { startServer } from '../demo/server-process.ts';
import { startServices } from '../demo/services.ts';
import type { Services } from '../demo/services.ts';
import { styleFor } from '../format/style.ts';
import type { Style } from '../format/style.ts';
import { writeLine } from '../terminal.ts';
import type { Terminal } from '../terminal.ts';

interface Flags {
  readonly keep?: boolean;
}

/** Where the demo plays, and what has to be undone afterwards. */
interface Stage {
  readonly url: string;
  readonly adminKey: string;
  /** Behind the names of what is made, where they may be taken. */
  readonly suffix: string;
  /** Not somebody's server, but one for the demo alone. */
  readonly isOwn: boolean;
  readonly stop: () => Promise<void>;
}

interface Show {
  readonly stage: Stage;
  readonly services: Services;
  readonly secrets: Secrets;
  /** Null where there is no OAuth server to be had. */
  readonly calendar: Calendar | null;
  readonly terminal: Terminal;
  readonly style: Style;
}

async function openStage(command: Command, terminal: Terminal): Promise<Stage> {
  if (command.optsWithGlobals<{ url?: string }>().url === undefined) {
    const server = await startServer(terminal.env, terminal.signal);
    return { ...server, suffix: '', isOwn: true };
  }
  const { url, key } = connectionOf(command, terminal, 'admin');
  const admin = new Affidavit({ url, apiKey: key });
  const asked = { query: { limit: 1 }, signal: terminal.signal };
  const providers = (await admin.api('GET', '/v1/providers', asked)) as { data: unknown[] };
  const suffix = providers.data.length === 0 ? '' : `-${randomBytes(3).toString('hex')}`;
  return { url, adminKey: key, suffix, isOwn: false, stop: async () => {} };
}

async function say({ terminal }: Show, lines: readonly string[]): Promise<void> {
  for (const line of lines) await writeLine(terminal.stdout, line);
}

const chapter = ({ style }: Show, title: string): string[] => ['', style.bold(style.cyan(title))];

/** The second act: what a person lets agents do with an account of hers. */
async function delegateOn(show: Show, admin: Affidavit, cast: Cast): Promise<Delegated | null> {
  const { calendar, stage, terminal, style } = show;
  await say(show, chapter(show, 'A person, her account, and what agents may do with it'));
  if (!calendar) {
    await say(show, ['  left out: it needs the package oidc-provider, which is not installed']);
    return null;
  }
  const tell = (line: string) => say(show, [`  ${style.dim('·')} ${line}`]);
  const { suffix } = stage;
  return delegate({ admin, cast, calendar, suffix, signal: terminal.signal, tell });
}

async function perform(show: Show): Promise<Cast> {
  const { stage, services, secrets, terminal, style } = show;
  const { signal } = terminal;
  const { url, adminKey, suffix } = stage;
  const admin = new Affidavit({ url, apiKey: adminKey, caller: 'affidavit-demo' });
  const cast = await setTheStage({ admin, url, services, secrets, suffix, signal });
  await say(show, chapter(show, 'Three agents at work'));
  const acts = await play(cast, signal, (run) => say(show, [report.runLine(run, style)]));
  const delegated = await delegateOn(show, admin, cast);
  const runs = delegated ? [...acts, delegated] : acts;
  const trail = await report.readTrail(admin, runs, signal);
  await say(show, chapter(show, 'What happened, according to the trail (UTC)'));
  await say(show, [...report.trailLines(trail, style), '', report.summaryLine(trail, style)]);
  if (delegated) {
    await say(show, chapter(show, "The life of alice's grant"));
    await say(show, await report.grantLines(admin, delegated.grantId, signal, style));
  }
  const { email } = PEOPLE.alice;
  await say(show, chapter(show, `What ${email}'s data was used for`));
  await say(show, report.usesLines(email, trail, style));
  await say(show, chapter(show, 'Can you trust it?'));
  await say(show, await report.ledgerLines(admin, signal, style));
  const { tokens = [], clientSecret } = show.calendar ?? {};
  const all = [...secrets.values(), ...tokens, ...(clientSecret ? [clientSecret] : [])];
  await say(show, [await report.leakLine(admin, all, signal, style)]);
  report.compare(runs, trail);
  return cast;
}

/** How to look at the portal; on somebody's own server they know. */
async function portalLines({ stage, terminal }: Show): Promise<string[]> {
  if (!stage.isOwn) return [];
  const admin = new Affidavit({ url: stage.url, apiKey: stage.adminKey });
  const asked = { body: { name: 'the demo' }, signal: terminal.signal };
  const { url } = (await admin.api('POST', '/v1/sign-in-links', asked)) as { url: string };
  return [
    '  the portal; this link signs you in once, "affidavit portal" makes another:',
    `    ${url}`,
  ];
}

async function keepRunning(show: Show, cast: Cast): Promise<void> {
  const { stage, terminal } = show;
  const agentKeys = [...cast.agentKeys].map(([agent, key]) => `    ${agent.padEnd(15)} ${key}`);
  await say(show, [
    ...chapter(show, 'Still running; stop with Ctrl-C'),
    `  ${stage.url}`,
    `  export AFFIDAVIT_URL=${stage.url}`,
    `  export AFFIDAVIT_ADMIN_KEY=${stage.adminKey}`,
    '  keys of the agents:',
    ...agentKeys,
    ...(await portalLines(show)),
  ]);
  if (!terminal.signal.aborted) await once(terminal.signal, 'abort');
}

async function run(command: Command, flags: Flags, terminal: Terminal): Promise<void> {
  const style = styleFor(terminal.stdout, terminal.env);
  const secrets = inventSecrets();
  const services = await startServices({
    mail: keyringOf(secrets, 'mail'),
    billing: keyringOf(secrets, 'billing'),
    crm: keyringOf(secrets, 'crm'),
  });
  try {
    await writeLine(terminal.stderr, style.dim('Starting Affidavit and the services …'));
    const stage = await openStage(command, terminal);
    const calendar = await startCalendar(
      randomBytes(24).toString('base64url'),
      `${stage.url}/v1/connect/callback`,
    );
    try {
      const show = { stage, services, secrets, calendar, terminal, style };
      const cast = await perform(show);
      if (flags.keep) await keepRunning(show, cast);
    } finally {
      await stage.stop();
      await calendar?.close();
    }
  } finally {
    await services.close();
  }
}

/** `affidavit demo`: a real server, real services, three agents, and the trail they leave. */
export function addDemo(program: Command, terminal: Terminal): void {
  program
    .command('demo')
    .description(
      'see it work: a server, five providers, three agents, two people, and what is left behind',
    )
    .option('--keep', 'leave everything running until Ctrl-C, with a link to its portal')
    .action((flags: Flags, command: Command) => run(command, flags, terminal));
}
