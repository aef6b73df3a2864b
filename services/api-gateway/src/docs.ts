import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Page } from './answer.ts';
import { DOCS_SECURITY_HEADERS } from './security-headers.ts';

const HTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Strongroom API</title>
<link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/initializer.js"></script>
</body>
</html>
`;

/** A file of its own, because the page's policy runs no inline script. No validator: it would phone out. */
const INITIALIZER = `SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
});
`;

const ASSETS = [
  ['swagger-ui.css', 'text/css; charset=utf-8'],
  ['swagger-ui-bundle.js', 'text/javascript; charset=utf-8'],
  ['favicon-32x32.png', 'image/png'],
] as const;

/** Swagger UI over `/openapi.json`: a fixed set of files, so no path of a request reaches the disk. */
export function docsPages(): [string, () => Page | Promise<Page>][] {
  const html = page('text/html; charset=utf-8', HTML);
  const initializer = page('text/javascript; charset=utf-8', INITIALIZER);
  return [
    ['/docs', () => html],
    ['/docs/', () => html],
    ['/docs/initializer.js', () => initializer],
    ...ASSETS.map(([name, type]): [string, () => Promise<Page>] => [`/docs/${name}`, asset(name, type)]),
  ];
}

const { resolve } = createRequire(import.meta.url);

/** Read on first use and kept. */
function asset(name: string, type: string): () => Promise<Page> {
  let loaded: Promise<Page> | undefined;
  return () => (loaded ??= readFile(resolve(`swagger-ui-dist/${name}`)).then(body => page(type, body)));
}

const page = (type: string, body: string | Buffer): Page => ({
  status: 200,
  headers: ['content-type', type, 'cache-control', 'public, max-age=3600'],
  securityHeaders: DOCS_SECURITY_HEADERS,
  body,
});
