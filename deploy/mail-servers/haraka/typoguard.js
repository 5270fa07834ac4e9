'use strict'
// Haraka: ask typoguard's list of lookalikes about every recipient. Copy this to plugins/typoguard.js, with your zone, and put "typoguard"
// into config/plugins before whatever accepts recipients. While the list cannot be asked, recipients are accepted.
const { Resolver } = require('node:dns').promises
const { domainToASCII } = require('node:url')

const zone = 'lookalikes.corp.example'

exports.hook_rcpt = async function (next, connection, params) {
    const domain = domainToASCII(params[0].host || '').replace(/\.$/, '')
    if (!domain) return next()
    const name = `${domain}.${zone}`
    const resolver = new Resolver({ timeout: 2000, tries: 1 })
    try {
        const [address] = await resolver.resolve4(name)
        const records = await resolver.resolveTxt(name).catch(() => [[`${domain} looks mistyped`]])
        const text = records[0].join('')
        connection.loginfo(this, `${address} ${text}`)
        if (address === '127.0.0.2') return next(DENY, `5.1.2 ${text}`) // 127.0.0.3 is a trial
    } catch (err) {
        if (err.code !== 'ENOTFOUND' && err.code !== 'ENODATA') connection.logerror(this, `${name}: ${err.code || err.stack}`)
    }
    next()
}
