import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { PUBLIC, route, type Route } from '@strongroom/http/route';
import { Members, Type } from '@strongroom/schema/types';

const DIRECTORY = path.join(import.meta.dirname, '../../public');

const HTML = 'text/html; charset=utf-8';
const SCRIPT = 'text/javascript; charset=utf-8';

const PAGES = [
  { path: '/auth/login', file: 'login.html', operationId: 'showLogin', summary: 'Sign-in page' },
  {
    path: '/auth/password-reset',
    file: 'password-reset.html',
    operationId: 'showPasswordReset',
    summary: 'Page to set a new password by a one-time token',
  },
] as const;

const ASSETS = [
  { file: 'login.css', type: 'text/css; charset=utf-8', operationId: 'getLoginStyle' },
  { file: 'login.js', type: SCRIPT, operationId: 'getLoginScript' },
  { file: 'login-steps.js', type: SCRIPT, operationId: 'getLoginStepsScript' },
  { file: 'page.js', type: SCRIPT, operationId: 'getPageScript' },
  { file: 'password-reset.js', type: SCRIPT, operationId: 'getPasswordResetScript' },
] as const;

const COMMON_HEADERS = { 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' };

const PAGE_HEADERS = {
  ...COMMON_HEADERS,
  'cache-control': 'no-store',
  // The scripts send what is typed by fetch: a form that sends itself would be one that somebody else put here.
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; " +
    "form-action 'none'; frame-ancestors 'none'; base-uri 'none'",
};

/**
 * The pages for people. Files are read once, when the service starts. Their assets have a digest of all of them
 * in the path, so browsers may keep them; it is a directory, so that scripts import each other by plain names.
 */
export function loginPageRoutes(): Route[] {
  const assets = ASSETS.map(asset => ({ ...asset, text: read(asset.file) }));
  const version = assets
    .reduce((hash, { file, text }) => hash.update(`${file}\0${text}\0`), createHash('sha256'))
    .digest('hex')
    .slice(0, 16);
  const pages = PAGES.map(({ file, ...page }) => ({
    ...page,
    text: read(file).replaceAll('{version}', version),
  }));
  return [
    ...pages.map(({ text, ...page }) =>
      route({
        ...page,
        method: 'get',
        tag: 'pages',
        access: PUBLIC,
        produces: HTML,
        handle: () => ({ page: { type: HTML, text }, headers: PAGE_HEADERS }),
      }),
    ),
    ...assets.map(({ file, type, text, operationId }) =>
      route({
        method: 'get',
        path: `/auth/assets/:version/${file}`,
        operationId,
        tag: 'pages',
        summary: 'Part of the pages',
        access: PUBLIC,
        params: Members({ version: Type.String({ maxLength: 64 }) }),
        produces: type,
        handle: ({ params }) => ({ page: { type, text }, headers: assetHeaders(params.version === version) }),
      }),
    ),
  ];
}

/** While replicas are replaced, a page of the one may ask the other: it gets what is there, and keeps it nowhere. */
const assetHeaders = (isThisVersion: boolean) => ({
  ...COMMON_HEADERS,
  'cache-control': isThisVersion ? 'public, max-age=31536000, immutable' : 'no-store',
});

const read = (file: string): string => readFileSync(path.join(DIRECTORY, file), 'utf8');
