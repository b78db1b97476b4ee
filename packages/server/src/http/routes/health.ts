import { route, type Context, type Route } from '../route.ts';

/** Whether the process is up, whether it can commit, and its figures. */

async function ready({ services }: Context) {
  await services.directory.ping();
  await services.trail.probe(services.config.home_app);
  return { status: 'ready' };
}

const tag = 'health';

export const healthRoutes: readonly Route[] = [
  route({
    access: 'public',
    tag,
    method: 'GET',
    path: '/healthz',
    summary: 'The process is up',
    handler: async () => ({ status: 'ok' }),
  }),
  route({
    access: 'public',
    tag,
    method: 'GET',
    path: '/readyz',
    summary: 'The trail can be written and read',
    errors: ['audit_unavailable', 'overloaded'],
    handler: ready,
  }),
  route({
    access: 'public',
    tag,
    method: 'GET',
    path: '/metrics',
    summary: 'Figures for Prometheus',
    produces: 'text/plain; version=0.0.4; charset=utf-8',
    handler: ({ services }) => services.metrics.registry.metrics(),
  }),
];
