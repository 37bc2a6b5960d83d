/* SPDX-License-Identifier: Apache-2.0 */
/* Colours: Okabe and Ito. What comes from the node is only ever set as text. */
#include <stdlib.h>
#include "page.h"

static const char head[] =
"<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
"<meta name=\"color-scheme\" content=\"light dark\">\n<title>erg: this node</title>\n";

static const char style[] =
":root{color-scheme:light dark;--paper:#fff;--ink:#1a1d21;--soft:#5c6570;--line:#d9dee4;"
"--card:#f5f7f9;--power:#0072b2;--cap:#d55e00;--good:#009e73}\n"
"@media(prefers-color-scheme:dark){:root{--paper:#14171a;--ink:#e8ebee;--soft:#9aa5b1;"
"--line:#333a42;--card:#1d2226;--power:#56b4e9;--cap:#ff9a52}}\n"
"*{box-sizing:border-box}\nbody{margin:0;background:var(--paper);color:var(--ink);"
"font:16px/1.5 system-ui,-apple-system,'Segoe UI',sans-serif}\n"
"main{max-width:60rem;margin:0 auto;padding:1.25rem .9rem 3rem}\n"
"h1{font-size:1rem;color:var(--soft);margin:0;overflow-wrap:anywhere}\n"
"h2{font-size:1.1rem;margin:2rem 0 .5rem}\n"
".big{font-size:clamp(2.4rem,11vw,4rem);font-weight:700;line-height:1.1;margin:.2rem 0;"
"font-variant-numeric:tabular-nums}\n"
".soft{color:var(--soft)}p{margin:.3rem 0}\n"
".pill{border-radius:1rem;padding:.1rem .6rem;font-size:.8rem;font-weight:600;"
"background:var(--card);color:var(--soft);white-space:nowrap}\n"
".pill.on{background:var(--good);color:#000}.pill.ill{background:var(--cap);color:#000}\n"
"svg{display:block;width:100%;height:9rem;margin:.8rem 0 .2rem;background:var(--card);"
"border-radius:.5rem}\n"
"path,line{vector-effect:non-scaling-stroke;fill:none}\n"
"#now{stroke:var(--power);stroke-width:1.8}#cap{stroke:var(--cap);stroke-width:1.4;"
"stroke-dasharray:5 4}\n"
".axis{display:flex;justify-content:space-between;font-size:.8rem;color:var(--soft)}\n"
".device{padding:.5rem 0;border-bottom:1px solid var(--line)}\n"
".device div{display:flex;gap:.6rem;align-items:baseline;flex-wrap:wrap}\n"
".device b{overflow-wrap:anywhere;font-weight:600}\n"
".device .w{margin-left:auto;font-variant-numeric:tabular-nums;white-space:nowrap}\n"
"meter{width:100%;height:.7rem}\n"
"ul{list-style:none;margin:0;padding:0}li{padding:.2rem 0;"
"border-bottom:1px solid var(--line);font-variant-numeric:tabular-nums;"
"overflow-wrap:anywhere}\n"
"#lost{background:var(--cap);color:#000;padding:.5rem .8rem;border-radius:.5rem}\n"
"[hidden]{display:none!important}\n";

static const char body[] =
"</head>\n<body>\n<main>\n<h1><span id=\"node\">this node</span> "
"<span id=\"state\" class=\"pill\"></span></h1>\n"
"<p class=\"big\" id=\"power\" aria-live=\"off\">\xe2\x80\x93</p>\n"
"<p class=\"soft\" id=\"limits\"></p>\n"
"<p id=\"lost\" role=\"status\" hidden>No word from the daemon: what is shown is old.</p>\n"
"<svg viewBox=\"0 0 100 100\" preserveAspectRatio=\"none\" role=\"img\" "
"aria-label=\"power of the last minute\"><line id=\"cap\" x1=\"0\" x2=\"100\" y1=\"-9\" "
"y2=\"-9\"/><path id=\"now\"/></svg>\n"
"<div class=\"axis\"><span>1 min ago</span><span id=\"top\"></span><span>now</span></div>\n"
"<h2>Devices</h2><div id=\"devices\"></div>\n"
"<section id=\"leases\" hidden><h2>Lease</h2><ul></ul></section>\n"
"<section id=\"spikes\" hidden><h2>Spikes</h2><p class=\"soft\">"
"above the median of a minute by 6 MAD/0.6745 and a tenth of its range</p><ul></ul>"
"</section>\n"
"<section id=\"changes\" hidden><h2>Changes</h2><ul></ul></section>\n"
"<section id=\"notes\" hidden><h2>Notes</h2><ul></ul></section>\n"
"<noscript><p>This page needs its script; <a href=\"/metrics\">/metrics</a> does not.</p>"
"</noscript>\n</main>\n";

static const char script[] =
"'use strict';\n"
"const id=x=>document.getElementById(x),past=[],spikes=[];let last=0;\n"
"const W=v=>v==null?'n/a':v>=1e4?(v/1e3).toFixed(2)+' kW':v.toFixed(v<100?1:0)+' W';\n"
"const make=(tag,text,cls)=>{const e=document.createElement(tag);"
"if(text!=null)e.textContent=text;if(cls)e.className=cls;return e};\n"
"const ill=['unread','refused','floor','short','braked'];\n"
"const pill=s=>s==='enforced'||s==='free'?'pill on':ill.includes(s)?'pill ill':'pill';\n"
"function list(where,rows){const s=id(where);s.hidden=!rows.length;"
"s.querySelector('ul').replaceChildren(...rows.map(r=>make('li',r)))}\n"
"const median=a=>{const s=[...a].sort((x,y)=>x-y);return s[s.length>>1]};\n"
"function spike(t,w){\n"
" if(past.length<40)return;\n"
" const v=past.map(p=>p[1]),m=median(v),mad=median(v.map(x=>Math.abs(x-m)));\n"
" const range=Math.max(...v)-Math.min(...v);\n"
" if(!(w>m+Math.max(6*mad/.6745,.1*range,1)))return;\n"
" const s=spikes[0];if(s&&t-s.t<2000){s.t=t;s.w=Math.max(s.w,w)}\n"
" else{spikes.unshift({t,w,m});spikes.length=Math.min(spikes.length,8)}\n"
"}\n"
"function draw(cap){\n"
" const now=past.length?past[past.length-1][0]:0;\n"
" const top=1.1*Math.max(...past.map(p=>p[1]),cap||0)||1;\n"
" let d='',l='M';for(const[t,w]of past){if(w==null){l='M';continue}"
"d+=l+(100-(now-t)/600).toFixed(2)+' '+(100-100*w/top).toFixed(2);l='L'}\n"
" id('now').setAttribute('d',d);const y=cap?100-100*cap/top:-9;\n"
" id('cap').setAttribute('y1',y);id('cap').setAttribute('y2',y);\n"
" id('top').textContent='0 to '+W(top)+(cap?', dashed: cap '+W(cap):'');\n"
"}\n"
"function device(g){\n"
" const box=make('div',null,'device'),row=make('div'),cap=g.cap_w??g.grant_w;\n"
" row.append(make('b',g.node),make('span',g.state,pill(g.state)),"
"make('span',W(g.power_w)+(cap!=null?' of '+W(cap):''),'w'));box.append(row);\n"
" if(g.power_w!=null&&cap>0){const m=make('meter');m.max=cap;m.value=g.power_w;"
"m.setAttribute('aria-label','power of '+g.node);box.append(m)}\n"
" const more=[g.rule&&g.rule!=='none'?'held by '+g.rule:'',"
"g.grant_w!=null?'granted '+W(g.grant_w):'',g.temp_c!=null?g.temp_c.toFixed(0)+' "
"\\u00b0C':'',g.reason||''].filter(Boolean).join(', ');\n"
" if(more)box.append(make('div',more,'soft'));return box}\n";

static const char script_end[] =
"function show(e){\n"
" const r=JSON.parse(e.data),t=r.tables,g=t.grants||[],n=g[0]||{},at=Date.now();last=at;\n"
" id('lost').hidden=true;id('node').textContent=n.node||'this node';\n"
" document.title='erg: '+(n.node||'node')+' '+W(n.power_w);\n"
" id('state').textContent=n.state||'';id('state').className=pill(n.state);\n"
" id('power').textContent=W(n.power_w);\n"
" id('limits').textContent='cap '+W(n.cap_w)+(n.rule&&n.rule!=='none'?' by '+n.rule:'')"
"+', wanted '+W(n.demand_w)+', granted '+W(n.grant_w);\n"
" if(n.power_w!=null)spike(at,n.power_w);past.push([at,n.power_w]);\n"
" while(past.length&&at-past[0][0]>60000)past.shift();draw(n.cap_w);\n"
" id('devices').replaceChildren(...g.slice(1).map(device));\n"
" list('leases',(t.leases||[]).map(l=>l.node+': '+W(l.cap_w)+', '+(l.left_s==null?'n/a':"
"l.left_s.toFixed(1))+' s left, '+(l.state||'')));\n"
" list('spikes',spikes.map(s=>new Date(s.t).toLocaleTimeString()+': '+W(s.w)+', "
"median '+W(s.m)));\n"
" list('changes',(t.journal||[]).slice().reverse().map(j=>[j.utc,j.device,j.rule,"
"j.enforced_w!=null?W(j.old_w)+' to "
"'+W(j.enforced_w):'',j.clamped_hz?Math.round(j.clamped_hz/1e6)+' MHz':'',"
"j.who,j.text].filter(Boolean).join(', ')));\n"
" list('notes',r.notes||[]);\n"
"}\n"
"new EventSource('/events').onmessage=show;\n"
"setInterval(()=>{id('lost').hidden=Date.now()-last<3000},1000);last=Date.now();\n";

ergd_bytes ergd_page(const char *nonce)
{
    ergd_bytes out = { 0 };
    FILE *file = open_memstream(&out.bytes, &out.size);

    if (!file)
        return out;
    fprintf(file,
            "%s<style nonce=\"%s\">\n%s</style>\n%s<script nonce=\"%s\">\n%s%s</script>\n"
            "</body>\n</html>\n", head, nonce, style, body, nonce, script, script_end);
    if (fclose(file) == 0)
        return out;
    free(out.bytes);
    return (ergd_bytes){ 0 };
}
