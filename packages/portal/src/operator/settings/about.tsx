import { useGet } from '../../shared/api/queries.ts';
import { Id } from '../../shared/ui/copy.tsx';
import { Fact, Facts } from '../../shared/ui/facts.tsx';
import { Card, Section } from '../../shared/ui/page.tsx';
import { Answer } from '../../shared/ui/states.tsx';
import { Time } from '../../shared/ui/time.tsx';
import { IN_TEXT } from '../links.tsx';
import { useWhoami } from '../session.ts';

interface Document {
  readonly openapi: string;
  readonly info: { readonly version: string };
  readonly paths: Readonly<Record<string, unknown>>;
}

/** What runs here, and where its figures and its contract are. */
export function AboutSettings() {
  const document = useGet<Document>('/openapi.json');
  const who = useWhoami();
  return (
    <Section title="About" about="What runs here, and where to read on.">
      <Card className="mb-4">
        <Answer of={document}>
          {({ info, paths, openapi }) => (
            <Facts>
              <Fact name="Version">{info.version}</Fact>
              <Fact name="Contract">
                <a href="/openapi.json" className={IN_TEXT}>
                  OpenAPI {openapi}
                </a>
                , {Object.keys(paths).length} paths
              </Fact>
              <Fact name="Figures">
                <a href="/metrics" className={IN_TEXT}>
                  Prometheus metrics
                </a>
              </Fact>
              <Fact name="Up">
                <a href="/healthz" className={IN_TEXT}>
                  the process
                </a>
                {', '}
                <a href="/readyz" className={IN_TEXT}>
                  the trail
                </a>
              </Fact>
            </Facts>
          )}
        </Answer>
      </Card>
      <Card>
        <Answer of={who}>
          {({ app_id, app_name, role, scopes, session }) => (
            <Facts>
              <Fact name="App">{app_name}</Fact>
              <Fact name="Its id">
                <Id value={app_id} />
              </Fact>
              <Fact name="You are">{role ?? scopes.join(', ')}</Fact>
              <Fact name="Session ends">
                {session ? <Time at={session.expires_at} /> : undefined}
              </Fact>
            </Facts>
          )}
        </Answer>
      </Card>
    </Section>
  );
}
