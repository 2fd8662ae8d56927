import { expect, test } from '@jest/globals';
import { withProject } from '../../../generator/projects/edit.ts';

const entry = { provider: 'pikaia', domain: 'api.new.com', priority: 101 };
const LINE = 'new: { provider: "pikaia", domain: "api.new.com", priority: 101 }';

test.each([
  ['after the last', 'projects:\n  a: {priority: 100}\n', `projects:\n  a: {priority: 100}\n  ${LINE}\n`],
  ['the indent of the others', 'projects:\n    a: {}\n', `projects:\n    a: {}\n    ${LINE}\n`],
  [
    'after one of many lines',
    'projects:\n  a:\n    priority: 100\n    domain: x.com\n',
    `projects:\n  a:\n    priority: 100\n    domain: x.com\n  ${LINE}\n`,
  ],
  [
    'before what follows',
    'projects:\n  a: {}\n\n# waivers\nwaivers: []\n',
    `projects:\n  a: {}\n  ${LINE}\n\n# waivers\nwaivers: []\n`,
  ],
  [
    'comments stay where they are',
    '# one\nprojects: # two\n  # three\n  a: {} # four\n  # five\n',
    `# one\nprojects: # two\n  # three\n  a: {} # four\n  ${LINE}\n  # five\n`,
  ],
  ['no section yet', 'waivers: []\n', `waivers: []\n\nprojects:\n  ${LINE}\n`],
  ['no end of line', 'waivers: []', `waivers: []\n\nprojects:\n  ${LINE}\n`],
  ['a section without any', 'projects:\nwaivers: []\n', `projects:\n  ${LINE}\nwaivers: []\n`],
  ['an empty file', '', `\nprojects:\n  ${LINE}\n`],
])('%s', (_, text, expected) => expect(withProject(text, 'plainform.yaml', 'new', entry)).toBe(expected));

test.each(['projects: {a: {priority: 100}}\n', 'projects: {}\n', 'projects: []\n'])(
  'refused rather than rewritten: %s',
  (text) => expect(() => withProject(text, 'plainform.yaml', 'new', entry)).toThrow('written in braces'),
);
