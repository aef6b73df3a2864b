import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Reply, Route } from '@strongroom/http/route';
import { API } from '../../public/login-steps.js';
import type { AuthContext } from '../context.ts';
import { loginPageRoutes } from './login-page.ts';
import { loginRoutes } from './login.ts';
import { passwordRoutes } from './passwords.ts';

const DIRECTORY = path.join(import.meta.dirname, '../../public');
const ASSET_PREFIX = '/auth/assets/:version/';
const PAGES = ['/auth/login', '/auth/password-reset'];

const routes = loginPageRoutes();
const assets = routes.filter(route => route.path.startsWith(ASSET_PREFIX));

async function reply(path: string, version = ''): Promise<Required<Pick<Reply, 'page' | 'headers'>>> {
  const route = routes.find(known => known.path === path);
  // Routes of pages read their path alone.
  const input = { params: { version } } as Parameters<Route['handle']>[0];
  const { page, headers } = (await route?.handle(input)) ?? {};
  if (page === undefined || headers === undefined) throw new Error(`no page at ${path}`);
  return { page, headers };
}

const directives = (policy = ''): Map<string, string> =>
  new Map(
    policy.split('; ').map(directive => {
      const [name = '', ...sources] = directive.split(' ');
      return [name, sources.join(' ')];
    }),
  );

test('pages and their parts are the only routes; all are read without a token', () => {
  expect(routes.map(route => route.path).filter(found => !found.startsWith(ASSET_PREFIX))).toEqual(PAGES);
  for (const route of routes) {
    expect([route.method, route.access.kind]).toEqual(['get', 'public']);
    expect(route.produces).toBeDefined();
  }
});

test('every file of the directory is served, and no other', () => {
  const served = assets.map(route => route.path.slice(ASSET_PREFIX.length));
  const files = readdirSync(DIRECTORY).filter(file => !file.endsWith('.html'));
  expect(served.sort()).toEqual(files.sort());
});

describe.each(PAGES)('%s', page => {
  let html: string;
  let headers: Readonly<Record<string, string>>;
  beforeAll(async () => {
    const answered = await reply(page);
    html = answered.page.text;
    headers = answered.headers;
  });

  test('is kept nowhere and tells no other site that it was here', () => {
    expect(headers['cache-control']).toBe('no-store');
    expect(headers['referrer-policy']).toBe('no-referrer');
    expect(headers['x-content-type-options']).toBe('nosniff');
  });

  test('may run and load its own files only, and be framed by nobody', () => {
    const policy = directives(headers['content-security-policy']);
    expect(Object.fromEntries(policy)).toEqual({
      'default-src': "'none'",
      'script-src': "'self'",
      'style-src': "'self'",
      'img-src': 'data:',
      'connect-src': "'self'",
      'form-action': "'none'",
      'frame-ancestors': "'none'",
      'base-uri': "'none'",
    });
  });

  test('holds nothing that its policy forbids', () => {
    const tags = [...html.matchAll(/<[a-z][^>]*>/g)].map(([tag]) => tag);
    for (const tag of tags) {
      expect(tag).not.toMatch(/\s(?:on\w+|style|formaction|srcdoc)\s*=/i);
      expect(tag).not.toMatch(/^<(?:style|base|iframe|object|embed)\b/);
      const [, address] = /\s(?:src|href|action)="([^"]*)"/.exec(tag) ?? [];
      if (address !== undefined) expect(address).toMatch(/^(?:\/auth\/assets\/|data:image\/)/);
    }
    for (const [, attributes, text] of html.matchAll(/<script([^>]*)>([^]*?)<\/script>/g)) {
      expect(attributes).toContain('src="/auth/assets/');
      expect(text).toBe('');
    }
  });

  test('sends no form by itself with what was typed in the address', () => {
    const forms = [...html.matchAll(/<form[^>]*>/g)].map(([tag]) => tag);
    expect(forms.length).toBeGreaterThan(0);
    for (const form of forms) expect(form).toBe('<form method="post">');
  });

  test('every field has a label, and what password managers go by', () => {
    const labelled = [...html.matchAll(/<label[^>]*>([^]*?)<\/label>/g)].map(([, text]) => text ?? '');
    expect(labelled.every(text => text.replace(/<[^>]*>/g, '').trim() !== '')).toBe(true);
    const fields = [...html.matchAll(/<input[^>]*>/g)].map(([tag]) => tag);
    for (const field of fields.filter(tag => !tag.includes(' hidden'))) {
      expect(labelled.some(text => text.includes(field))).toBe(true);
      if (!field.includes('checkbox')) expect(field).toMatch(/autocomplete="[a-z -]+"/);
    }
  });

  test('loads files that are served, by a path that browsers may keep', async () => {
    const addresses = [...html.matchAll(/"\/auth\/assets\/([^/"]+)\/([^"]+)"/g)];
    expect(addresses).toHaveLength(2);
    for (const [, version = '', file = ''] of addresses) {
      expect(version).toMatch(/^[0-9a-f]{16}$/);
      const asset = await reply(`${ASSET_PREFIX}${file}`, version);
      expect(asset.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    }
  });

  test('has everything that its scripts look for', () => {
    const [, file = ''] = /\/([a-z-]+\.js)"/.exec(html) ?? [];
    const script = readFileSync(path.join(DIRECTORY, file), 'utf8');
    for (const [, id] of script.matchAll(/'#([a-z-]+)/g)) expect(html).toContain(`id="${id ?? ''}"`);
    for (const [, step] of script.matchAll(/(?:showStep|stepNamed|onSubmit|watchReveal)\('([a-z-]+)'/g)) {
      expect(html).toContain(`data-step="${step ?? ''}"`);
    }
  });
});

describe('scripts and styles', () => {
  test.each(assets.map(route => route.path))(
    '%s of another version is given and kept nowhere',
    async path => {
      const { headers } = await reply(path, '0000000000000000');
      expect(headers['cache-control']).toBe('no-store');
      expect(headers['x-content-type-options']).toBe('nosniff');
    },
  );

  test('never read markup and never name another site', async () => {
    for (const { path } of assets) {
      const { page } = await reply(path);
      expect(page.text).not.toMatch(/innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|Function\(/);
      expect(page.text).not.toMatch(/https?:\/\/|@import|\burl\(/);
    }
  });

  test('import only each other', async () => {
    const served = assets.map(route => route.path.slice(ASSET_PREFIX.length));
    for (const { path } of assets) {
      const { page } = await reply(path);
      for (const [, file] of page.text.matchAll(/from '\.\/([^']+)'/g)) expect(served).toContain(file);
    }
  });

  test('call what the service serves, and nothing else', async () => {
    const context = {} as AuthContext;
    const served = [...loginRoutes(context), ...passwordRoutes(context)]
      .filter(route => route.method === 'post')
      .map(route => route.path);
    for (const called of Object.values(API)) expect(served).toContain(called);
    for (const { path } of assets) {
      const { page } = await reply(path);
      for (const [called] of page.text.matchAll(/\/auth\/api\/v1\/[\w/-]+/g)) {
        expect(Object.values(API)).toContain(called);
      }
    }
  });
});
