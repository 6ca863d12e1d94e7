/**
 * Says what is wrong with a Node version, or null.
 * @param {string} version as in `process.versions.node`
 * @param {string} range of the form `>=MAJOR.MINOR`, as in package.json's engines
 */
export function checkNodeVersion(version, range) {
  const wanted = range.replace('>=', '');
  const [major, minor] = version.split('.').map(Number);
  const [wantedMajor, wantedMinor] = wanted.split('.').map(Number);
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return null;
  return `Shunt needs Node ${wanted} or newer; this is Node ${version} (${process.execPath}).`;
}
