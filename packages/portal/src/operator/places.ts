import {
  Activity,
  Bell,
  BookCheck,
  Bot,
  CircleCheck,
  Gauge,
  KeyRound,
  ListTree,
  Route,
  Scale,
  ScrollText,
  Send,
  Settings,
  Users,
  Zap,
  type LucideIcon,
} from 'lucide-react';

/** The pages of the portal, in the order of the sidebar. */
export interface Place {
  readonly path:
    | '/'
    | '/trail'
    | '/executions'
    | '/runs'
    | '/agents'
    | '/people'
    | '/grants'
    | '/policies'
    | '/approvals'
    | '/verbs'
    | '/destinations'
    | '/monitors'
    | '/evidence'
    | '/reports'
    | '/settings';
  readonly name: string;
  readonly icon: LucideIcon;
  readonly group: 'What happened' | 'Who' | 'What is allowed' | 'Where it goes' | 'Setup';
  /** Pressed after `g`. */
  readonly key: string;
  /** A scope that one needs here; analysts read what admins administer. */
  readonly needs: 'events:read' | 'ledger:read' | 'approvals:decide' | 'admin';
}

export const PLACES: readonly Place[] = [
  {
    path: '/',
    name: 'Overview',
    icon: Gauge,
    group: 'What happened',
    key: 'o',
    needs: 'events:read',
  },
  {
    path: '/trail',
    name: 'Trail',
    icon: ScrollText,
    group: 'What happened',
    key: 't',
    needs: 'events:read',
  },
  {
    path: '/executions',
    name: 'Executions',
    icon: Zap,
    group: 'What happened',
    key: 'x',
    needs: 'events:read',
  },
  {
    path: '/runs',
    name: 'Runs',
    icon: Route,
    group: 'What happened',
    key: 'r',
    needs: 'events:read',
  },
  { path: '/agents', name: 'Agents', icon: Bot, group: 'Who', key: 'a', needs: 'admin' },
  { path: '/people', name: 'People', icon: Users, group: 'Who', key: 'u', needs: 'events:read' },
  {
    path: '/grants',
    name: 'Grants',
    icon: KeyRound,
    group: 'What is allowed',
    key: 'c',
    needs: 'admin',
  },
  {
    path: '/policies',
    name: 'Policies',
    icon: Scale,
    group: 'What is allowed',
    key: 'p',
    needs: 'admin',
  },
  {
    path: '/approvals',
    name: 'Approvals',
    icon: CircleCheck,
    group: 'What is allowed',
    key: 'v',
    needs: 'approvals:decide',
  },
  {
    path: '/verbs',
    name: 'Verbs',
    icon: ListTree,
    group: 'What is allowed',
    key: 'b',
    needs: 'admin',
  },
  {
    path: '/destinations',
    name: 'Destinations',
    icon: Send,
    group: 'Where it goes',
    key: 'd',
    needs: 'admin',
  },
  {
    path: '/monitors',
    name: 'Monitors',
    icon: Bell,
    group: 'Where it goes',
    key: 'm',
    needs: 'admin',
  },
  {
    path: '/evidence',
    name: 'Evidence',
    icon: BookCheck,
    group: 'Where it goes',
    key: 'e',
    needs: 'ledger:read',
  },
  {
    path: '/reports',
    name: 'Reports',
    icon: Activity,
    group: 'Where it goes',
    key: 'w',
    needs: 'events:read',
  },
  { path: '/settings', name: 'Settings', icon: Settings, group: 'Setup', key: 's', needs: 'admin' },
];
