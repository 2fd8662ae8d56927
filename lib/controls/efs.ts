import { type Controls, on } from './control.ts';
import { all } from './judgement.ts';

export const efs: Controls = {
  'EFS.1': on('AWS::EFS::FileSystem', (system) => system.at('Encrypted').is(true)),
  'EFS.3': on('AWS::EFS::AccessPoint', (point) =>
    all([() => point.at('RootDirectory', 'Path').present(), () => point.at('RootDirectory', 'Path').isNot('/')]),
  ),
  'EFS.4': on('AWS::EFS::AccessPoint', (point) =>
    all([() => point.at('PosixUser', 'Uid').present(), () => point.at('PosixUser', 'Gid').present()]),
  ),
};
