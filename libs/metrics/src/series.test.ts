import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';

/**
 * What dashboards, alerts and documents name must be what the code registers, and the other way round. Read from the
 * sources, so that no figure can be renamed in one place only.
 */
const REPOSITORY = path.resolve(import.meta.dirname, '../../..');
const read = (file: string) => readFileSync(path.join(REPOSITORY, file), 'utf8');

const REGISTERED = /\b(?:counter|gauge|histogram)(?:<[^>]*>)?\(\s*['`](strongroom_[^'`]+)['`]/g;
const NAMED = /\bstrongroom_[a-z0-9_]+/g;
/** What Prometheus makes of a histogram. */
const withoutSuffix = (name: string) => name.replace(/_(bucket|sum|count)$/, '');

const sources = ['libs', 'services'].flatMap(root =>
  readdirSync(path.join(REPOSITORY, root)).flatMap(name => {
    const folder = `${root}/${name}/src`;
    if (!existsSync(path.join(REPOSITORY, folder))) return [];
    return readdirSync(path.join(REPOSITORY, folder), { recursive: true, encoding: 'utf8' })
      .filter(file => file.endsWith('.ts') && !file.endsWith('.test.ts'))
      .map(file => `${folder}/${file}`);
  }),
);
/** A name with a part that is put in at run time stands for any. */
const registered = [
  ...new Set(sources.flatMap(file => [...read(file).matchAll(REGISTERED)].map(match => match[1] ?? ''))),
].map(name => ({ name, pattern: new RegExp(`^${name.replace(/\$\{[^}]*\}/g, '[a-z_]+')}$`) }));

const namesIn = (file: string) => [...new Set(read(file).match(NAMED)?.map(withoutSuffix))];
const isRegistered = (name: string) => registered.some(({ pattern }) => pattern.test(name));

const DASHBOARD = 'deploy/observability/grafana/dashboards/strongroom.json';
const RULES = 'deploy/observability/rules.yml';
const DOCUMENT = 'docs/observability.md';
const RUNBOOK = 'docs/runbooks/alerts.md';

describe('the series', () => {
  test('are found in the sources', () => {
    expect(registered.length).toBeGreaterThan(15);
  });

  test.each([DASHBOARD, RULES, DOCUMENT, RUNBOOK])('that %s names are registered', file => {
    expect(namesIn(file).filter(name => !isRegistered(name))).toEqual([]);
  });

  test('that are registered stand in the document', () => {
    const documented = namesIn(DOCUMENT);
    const missing = registered.filter(({ pattern }) => !documented.some(name => pattern.test(name)));
    expect(missing.map(({ name }) => name)).toEqual([]);
  });
});

describe('an alert', () => {
  const alerts = [...read(RULES).matchAll(/- alert: Strongroom(\w+)/g)].map(match => match[1] ?? '');
  const headings = [...read(RUNBOOK).matchAll(/^## (\w+)$/gm)].map(match => match[1]);

  test('has its page in the runbook, which has no others', () => {
    expect(alerts.length).toBeGreaterThan(10);
    expect([...headings].sort()).toEqual([...alerts].sort());
  });

  test.each(alerts)('%s says what to do, and where to read more', alert => {
    const [, rule = ''] = read(RULES).split(`- alert: Strongroom${alert}\n`);
    const own = rule.split('- alert:')[0] ?? '';
    expect(own).toMatch(/\n +action: \S/);
    expect(own).toContain(`runbook: ${RUNBOOK}#${alert.toLowerCase()}`);
  });
});

test('a dashboard shows every row that an operator needs', () => {
  const { panels } = JSON.parse(read(DASHBOARD)) as { panels: { type: string; title: string }[] };
  const rows = panels.filter(panel => panel.type === 'row').map(panel => panel.title);
  expect(rows).toEqual([
    'Now',
    'Traffic',
    'Latency by route',
    'Errors',
    'Database',
    'Events',
    'Audit',
    'Sign-ins',
    'Processes',
  ]);
});
