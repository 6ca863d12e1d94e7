/** Which part of the kernel a refused statement needs, for who has to switch it on. */

/** By the first that matches. Source: net/netfilter/Kconfig and its ipv4 and ipv6 neighbours. */
const FEATURES: readonly (readonly [words: RegExp, feature: string])[] = [
  [/\b(?:jhash|symhash)\b/, 'hashing of packets (CONFIG_NFT_HASH)'],
  [/\bnumgen\b/, 'random numbers (CONFIG_NFT_NUMGEN)'],
  [/\bfib\b/, 'lookups of local addresses (CONFIG_NFT_FIB_IPV4, CONFIG_NFT_FIB_IPV6)'],
  [/\bmasquerade\b/, 'masquerading (CONFIG_NFT_MASQ)'],
  [/\bdnat\b|\btype nat\b/, 'address translation (CONFIG_NFT_NAT)'],
  [/\breject\b/, 'rejecting (CONFIG_NFT_REJECT)'],
  [/\bct\b/, 'connection tracking (CONFIG_NFT_CT)'],
  [/\bflags interval\b/, 'ranges in concatenations (Linux 5.6)'],
  [/^(?:add )?table\b/, 'nftables (CONFIG_NF_TABLES, with CONFIG_NF_TABLES_IPV4 and _IPV6)'],
];

/**
 * @param reason - what nft says of it
 * @returns `null` if that does not sound as if something were missing, or nobody knows what
 */
export function missingFeature(statement: string, reason: string): string | null {
  if (!/No such file or directory|not supported|Function not implemented/i.test(reason)) return null;
  // Elements and deletions name what is not there in the same words.
  if (/\belement\b|^(?:delete|flush|destroy)\b/.test(statement)) return null;
  return FEATURES.find(([words]) => words.test(statement))?.[1] ?? null;
}
