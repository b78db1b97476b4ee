import { ApiError } from '../../shared/api/client.ts';
import { useGet } from '../../shared/api/queries.ts';
import { Section } from '../../shared/ui/page.tsx';
import { Empty, Failed, Loading } from '../../shared/ui/states.tsx';
import { Tabs } from '../../shared/ui/tabs.tsx';
import { useIsOwner } from '../session.ts';
import { useParam } from '../use-param.ts';
import { IdentityForm, RemoveProvider, TestToken } from './identity-forms.tsx';
import type { Audience, Provider } from './identity-provider.ts';

/** Who says who people are: operators, and those who open a wallet. */
export function IdentitySettings() {
  const [audience = 'operators', setAudience] = useParam('audience');
  const isOwner = useIsOwner();
  return (
    <Section
      title="Identity provider"
      about="People sign in with OpenID Connect. Operators and people with a wallet may have different providers."
    >
      {isOwner ? (
        <Tabs
          value={audience}
          onChange={setAudience}
          tabs={[
            {
              value: 'operators',
              label: 'Operators',
              content: <OfAudience audience="operators" />,
            },
            { value: 'wallet', label: 'Wallet', content: <OfAudience audience="wallet" /> },
          ]}
        />
      ) : (
        <Empty title="For owners">Only owners see and change who says who people are.</Empty>
      )}
    </Section>
  );
}

function OfAudience({ audience }: { readonly audience: Audience }) {
  const provider = useGet<Provider>('/v1/identity-provider', { audience });
  const { data, error } = provider;
  const isAbsent = error instanceof ApiError && error.code === 'not_found';
  if (isAbsent) return <IdentityForm audience={audience} />;
  if (error) return <Failed error={error} retry={() => void provider.refetch()} />;
  if (!data) return <Loading />;
  return (
    <>
      <IdentityForm key={data.updated_at} audience={audience} old={data} />
      <TestToken audience={audience} />
      <RemoveProvider audience={audience} issuer={data.issuer} />
    </>
  );
}
