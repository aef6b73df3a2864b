// Copies what a package needs at run time, and nothing else: the package, and whatever it depends on, directly or
// not, each at the place where Node finds it. `node deploy/bundle.mjs services/vault /bundle`, after `tsc -b`.
import { cpSync, existsSync, lstatSync, mkdirSync, readFileSync, realpathSync, symlinkSync } from 'node:fs';
import path from 'node:path';

const [start, target] = process.argv.slice(2);
const root = process.cwd();

/** Of our own packages, what is not sources; of others, all but what only compilers and debuggers read. */
const OWN_PARTS = /^(package\.json|dist|migrations|public|worker)$/;
const FOR_TOOLS = /\.(d\.[cm]?ts|[cm]?ts|map|tsbuildinfo)$|^(node_modules|\.bin)$/;

const done = new Set();

function take(directory) {
  if (done.has(directory)) return;
  done.add(directory);
  const isOwn = !directory.split(path.sep).includes('node_modules');
  cpSync(directory, path.join(target, path.relative(root, directory)), {
    recursive: true,
    filter: source => {
      if (source === directory) return true;
      const isTop = path.dirname(source) === directory;
      if (isOwn && isTop) return OWN_PARTS.test(path.basename(source));
      return !FOR_TOOLS.test(path.basename(source));
    },
  });
  const manifest = JSON.parse(readFileSync(path.join(directory, 'package.json'), 'utf8'));
  const { dependencies, optionalDependencies = {}, peerDependencies, peerDependenciesMeta = {} } = manifest;
  for (const name of Object.keys({ ...peerDependencies, ...dependencies, ...optionalDependencies })) {
    const found = locate(name, directory);
    if (found !== undefined) takeAt(found);
    else if (!(name in optionalDependencies) && peerDependenciesMeta[name]?.optional !== true) {
      throw new Error(`${path.relative(root, directory)} needs ${name}, which is not installed`);
    }
  }
}

/** Node's own way: upwards through the folders node_modules. */
function locate(name, from) {
  for (let directory = from; ; directory = path.dirname(directory)) {
    const candidate = path.join(directory, 'node_modules', name);
    if (existsSync(path.join(candidate, 'package.json'))) return candidate;
    if (directory === root) return undefined;
  }
}

/** npm links the workspace's packages into node_modules; so do we. */
function takeAt(found) {
  const real = realpathSync(found);
  const link = path.join(target, path.relative(root, found));
  if (lstatSync(found).isSymbolicLink() && !lstatSync(link, { throwIfNoEntry: false })) {
    mkdirSync(path.dirname(link), { recursive: true });
    symlinkSync(path.relative(path.dirname(found), real), link);
  }
  take(real);
}

take(path.resolve(root, start));
