import { JSON_TYPE, type Page } from './answer.ts';
import type { Context } from './context.ts';
import { docsPages } from './docs.ts';
import { createOpenapiSource } from './openapi.ts';
import { UNREACHABLE, type Refusal } from './refusals.ts';
import { readiness } from './readiness.ts';

type OwnPage = () => Page | Refusal | Promise<Page | Refusal>;
export type OwnPages = ReadonlyMap<string, OwnPage>;

/** What the gateway answers itself, by exact path. GET and HEAD only. */
export function ownPages(context: Context): OwnPages {
  const openapi = createOpenapiSource(context.upstreams);
  const redirect: Page = {
    status: 302,
    headers: ['location', '/docs', 'cache-control', 'no-store'],
    body: '',
  };

  const pages: [string, OwnPage][] = [
    ['/', () => redirect],
    ['/healthz', () => json(200, { status: 'ok' })],
    [
      '/readyz',
      async () => {
        const state = await readiness(context);
        return json(state.status === 'ready' ? 200 : 503, state);
      },
    ],
    [
      '/openapi.json',
      async () => {
        const document = await openapi.read();
        return document === undefined ? UNREACHABLE : json(200, document);
      },
    ],
    ...docsPages(),
  ];
  return new Map(pages);
}

const json = (status: number, value: unknown): Page => ({
  status,
  headers: ['content-type', JSON_TYPE, 'cache-control', 'no-store'],
  body: JSON.stringify(value),
});
