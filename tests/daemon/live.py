#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""live.py ERGD [FOLDER]: the live page of ergd in a real browser, on a phone and on a desk.

Speaks Chromium's protocol over a pipe, as a page that listens to events never ends loading.
With FOLDER the pictures are kept there.
"""
import base64
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from steps import check, need, plan

CONFIG = """version: 1
node: {{id: "n07<b>", sensors: ["sim:a100-sxm4-80gb", "sim:h100-sxm5-80gb"], ceil: 1500W}}
period: 100ms
state: {0}/state
socket: {{path: {0}/ergd.sock}}
http: {{address: 127.0.0.1, port: {1}}}
"""


class Browser:
    """One page of a headless Chromium."""

    def __init__(self, program, folder):
        to_read, self.to = os.pipe()
        self.back, to_write = os.pipe()

        def place():
            os.dup2(to_read, 3)
            os.dup2(to_write, 4)
        # 3 and 4 may be the pipes themselves: moved out of the way first.
        to_read, to_write = (os.dup(fd) if fd in (3, 4) else fd for fd in (to_read, to_write))
        low = [fd for fd in (self.to, self.back) if fd in (3, 4)]
        if low:
            self.to, self.back = os.dup(self.to), os.dup(self.back)
        self.process = subprocess.Popen(
            [program, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             "--remote-debugging-pipe", "--user-data-dir=" + folder + "/profile"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=place,
            close_fds=True, pass_fds=(3, 4))
        self.number, self.rest, self.session, self.said = 0, b"", None, []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target,
                                flatten=True)["sessionId"]
        for name in ("Page", "Runtime", "Log"):
            self.ask(name + ".enable")

    def ask(self, method, **arguments):
        self.number += 1
        message = {"id": self.number, "method": method, "params": arguments}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while True:
            while b"\0" not in self.rest:
                part = os.read(self.back, 1 << 16)
                if not part:
                    raise EOFError("the browser went away")
                self.rest += part
            line, self.rest = self.rest.split(b"\0", 1)
            answer = json.loads(line)
            if answer.get("id") == self.number:
                return answer.get("result", answer)
            if answer.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded"):
                self.said.append(json.dumps(answer["params"]))

    def value(self, expression):
        return self.ask("Runtime.evaluate", expression=expression,
                        returnByValue=True)["result"].get("value")

    def open(self, url, width, height):
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height,
                 deviceScaleFactor=1, mobile=width < 600)
        self.ask("Page.navigate", url=url)

    def close(self):
        self.process.terminate()
        self.process.wait(20)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def wait_for(what, limit_s=20):
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.1)
    return None


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def look(browser, port, width, folder):
    browser.open("http://127.0.0.1:%d/" % port, width, 1000)
    text = wait_for(lambda: "kW" in (browser.value("id('power').textContent") or "")
                    or " W" in (browser.value("id('power').textContent") or ""))
    wait_for(lambda: (browser.value("past.length") or 0) > 8)
    name = "%d px: " % width
    check(name + "power is shown", text, browser.value("document.body.innerText"))
    check(name + "both devices are", browser.value("document.querySelectorAll('.device').length")
          == 2)
    check(name + "power moves as a line", (browser.value("id('now').getAttribute('d')") or "")
          .count("L") > 5)
    check(name + "no sideways scrolling", browser.value(
        "document.documentElement.scrollWidth<=innerWidth"))
    check(name + "a name cannot become an element",
          browser.value("id('node').textContent") == "n07<b>"
          and not browser.value("!!document.querySelector('main b b')"))
    check(name + "it says what is simulated",
          "is not measured" in (browser.value("document.body.innerText") or ""))
    if folder:
        picture = browser.ask("Page.captureScreenshot")["data"]
        with open("%s/live-%d.png" % (folder, width), "wb") as out:
            out.write(base64.b64decode(picture))


def main():
    need(sys.argv[1], "http")
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser",
                                                   "google-chrome"))), None)
    if not program:
        print("1..0 # SKIP no chromium or google-chrome is installed")
        return
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        with open(folder + "/ergd.yaml", "w", encoding="utf-8") as out:
            out.write(CONFIG.format(folder, port))
        ergd = subprocess.Popen([sys.argv[1], "--config", folder + "/ergd.yaml"])
        browser = Browser(program, folder)
        try:
            check("the daemon listens", wait_for(lambda: listens(port)))
            for width in (400, 1280):
                look(browser, port, width, sys.argv[2] if len(sys.argv) > 2 else None)
            check("a script from elsewhere is refused", browser.value(
                "(()=>{const s=document.createElement('script');s.textContent='window.evil=1';"
                "document.body.append(s);return window.evil===undefined})()"))
            refused = [said for said in browser.said if "inline script" not in said]
            check("the console has no error but for that", not refused, refused)
            ergd.terminate()
            check("the daemon ends while a page listens", ergd.wait(10) == 0)
            check("the page says that it is alone", wait_for(
                lambda: browser.value("!id('lost').hidden")))
        finally:
            browser.close()
            if ergd.poll() is None:
                ergd.kill()
    plan()


main()
