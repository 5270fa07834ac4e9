'use strict'
// Haraka: ask typoguard's list of lookalikes about every recipient. Copy this to plugins/typoguard.js, with your zone, and put "typoguard"
// into config/plugins before whatever accepts recipients. While the list cannot be asked, recipients are accepted.
const { Resolver } = require('node:dns').promises
const { domainToASCII } = require('node:url')

const zone = 'lookalikes.corp.example'

exports.hook_rcpt = async function (next, connection, params) {
    const host = (params[0].host || '').replace(/\.$/, '')
    if (!host || host.startsWith('[')) return next() // an address literal
    const domain = domainToASCII(host) || host // IDNA does not know all names that DNS knows
    // Node makes nothing of an A-label that is not valid, and asks for the root instead. Its library reads \110 as n, Node does not.
    const name = `${domain.replace(/(^|\.)xn--/gi, '$1x\\110--')}.${zone}`
    const resolver = new Resolver({ timeout: 2000, tries: 1 })
    try {
        const [address] = await resolver.resolve4(name)
        const records = await resolver.resolveTxt(name).catch(() => [[`${domain} looks mistyped`]])
        const text = records[0].join('')
        connection.loginfo(this, `${address} ${text}`)
        if (address === '127.0.0.2') return next(DENY, `5.1.2 ${text}`) // 127.0.0.3 is a trial
    } catch (err) {
        if (err.code !== 'ENOTFOUND' && err.code !== 'ENODATA') connection.logerror(this, `${domain}: ${err.code || err.stack}`)
    }
    next()
}
