//! A real browser: Debian's Chromium without a window, led through ChromeDriver's HTTP.
//!
//! Waiting is for what the page shows. Each browser has its own profile and ends with its test, also when that fails.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::world::{SOON, http};

/// Keys as WebDriver names them.
pub(crate) const TAB: &str = "\u{e004}";
pub(crate) const ENTER: &str = "\u{e007}";
pub(crate) const ESCAPE: &str = "\u{e00c}";
const SHIFT: &str = "\u{e008}";

/// More stops than any page here has.
const MOST_TABS: usize = 60;

pub(crate) struct Browser {
    port: u16,
    session: String,
    _driver: Child,
    _profile: TempDir,
}

impl Browser {
    /// A browser of this size, in which nothing moves by itself.
    pub(crate) async fn open(width: u32, height: u32) -> Self {
        let (driver, port) = start_driver().await;
        let profile = tempfile::tempdir().unwrap();
        let profile_flag = format!("--user-data-dir={}", profile.path().display());
        let size_flag = format!("--window-size={width},{height}");
        let mut flags = vec![profile_flag.as_str(), &size_flag];
        flags.extend([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--force-prefers-reduced-motion",
            "--lang=es-CO",
        ]);
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": { "args": flags },
            "goog:loggingPrefs": { "browser": "ALL" },
            "timeouts": { "script": SOON.as_millis() },
        } } });
        let url = format!("http://127.0.0.1:{port}/session");
        let answer: Value = http().post(url).json(&wanted).send().await.unwrap().json().await.unwrap();
        let session = answer["value"]["sessionId"].as_str();
        let session = session.unwrap_or_else(|| panic!("Chromium did not start: {answer}")).to_owned();
        let browser = Self { port, session, _driver: driver, _profile: profile };
        // The window's size has a least; the page's has not.
        browser.resize(width, height).await;
        browser
    }

    pub(crate) async fn resize(&self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 760 });
        self.cdp("Emulation.setDeviceMetricsOverride", &size).await;
    }

    /// What the system says it prefers, dark or light.
    pub(crate) async fn prefer(&self, scheme: &str) {
        let features = json!([
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        self.cdp("Emulation.setEmulatedMedia", &json!({ "features": features })).await;
    }

    /// Cuts the page off from every network, or lets it back.
    pub(crate) async fn offline(&self, offline: bool) {
        let network = json!({ "offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
        self.cdp("Network.enable", &json!({})).await;
        self.cdp("Network.emulateNetworkConditions", &network).await;
    }

    pub(crate) async fn go(&self, url: &str) {
        self.post("url", &json!({ "url": url })).await;
    }

    /// What a script returns.
    pub(crate) async fn js(&self, script: &str) -> Value {
        self.post("execute/sync", &json!({ "script": script, "args": [] })).await
    }

    /// Waits until an expression is true of the page.
    pub(crate) async fn until(&self, expression: &str) -> Value {
        let script = format!(
            "const done = arguments[0];
             const look = () => {{ const seen = {expression}; if (seen) done(seen); else setTimeout(look, 20); }};
             look();"
        );
        let body = json!({ "script": script, "args": [] });
        let looking = self.post_raw("execute/async", &body);
        match tokio::time::timeout(SOON, looking).await {
            Ok(answer) if answer["value"]["error"].is_null() => answer["value"].clone(),
            Ok(answer) => panic!("`{expression}`: {}\n{}", answer["value"]["message"], self.shown().await),
            Err(_) => panic!("`{expression}` never came true\n{}", self.shown().await),
        }
    }

    /// Waits for a text on the page.
    pub(crate) async fn reads(&self, text: &str) {
        self.until(&format!("document.body.innerText.includes({})", json!(text))).await;
    }

    /// All that can be read.
    pub(crate) async fn shown(&self) -> String {
        self.js("return document.body.innerText").await.as_str().unwrap_or_default().to_owned()
    }

    /// Presses the last button with this name, as a finger would: what covers it is an error.
    pub(crate) async fn press(&self, name: &str) {
        let by_name = format!("(//button[normalize-space(.)='{name}' or @aria-label='{name}'])[last()]");
        let element = self.find(&by_name).await;
        self.post(&format!("element/{element}/click"), &json!({})).await;
    }

    /// Types where the focus is.
    pub(crate) async fn keys(&self, text: &str) {
        let strokes = text.chars().flat_map(|key| {
            let key = key.to_string();
            [json!({ "type": "keyDown", "value": key }), json!({ "type": "keyUp", "value": key })]
        });
        self.strike(strokes.collect()).await;
    }

    /// Goes by Tab to the element of which an expression of `it` is true.
    pub(crate) async fn tab_to(&self, expression: &str) {
        self.walk(
            expression,
            vec![json!({ "type": "keyDown", "value": TAB }), json!({ "type": "keyUp", "value": TAB })],
        )
        .await;
    }

    /// The same, backwards.
    pub(crate) async fn tab_back_to(&self, expression: &str) {
        let strokes = [("keyDown", SHIFT), ("keyDown", TAB), ("keyUp", TAB), ("keyUp", SHIFT)];
        let strokes = strokes.iter().map(|(kind, key)| json!({ "type": kind, "value": key }));
        self.walk(expression, strokes.collect()).await;
    }

    async fn walk(&self, expression: &str, strokes: Vec<Value>) {
        let mut passed = Vec::new();
        for _ in 0..MOST_TABS {
            self.strike(strokes.clone()).await;
            let script = format!(
                "const it = document.activeElement; const seen = getComputedStyle(it);
                 return [Boolean({expression}), it.outerHTML.slice(0, 90), seen.outlineStyle !== 'none']"
            );
            let at = self.js(&script).await;
            assert_eq!(at[2], true, "the focus cannot be seen on {}", at[1]);
            if at[0] == true {
                return;
            }
            passed.push(at[1].to_string());
        }
        panic!("`{expression}` cannot be reached with Tab; passed:\n{}", passed.join("\n"));
    }

    async fn strike(&self, strokes: Vec<Value>) {
        let actions = json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": strokes }] });
        self.post("actions", &actions).await;
    }

    /// What the console has complained of since it was last asked.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let log = self.post("se/log", &json!({ "type": "browser" })).await;
        let lines = log.as_array().cloned().unwrap_or_default();
        let bad = lines.iter().filter(|line| line["level"] == "SEVERE" || line["level"] == "WARNING");
        bad.map(|line| line["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Takes the pointer off whatever it is on.
    pub(crate) async fn point_away(&self) {
        self.cdp("Input.dispatchMouseEvent", &json!({ "type": "mouseMoved", "x": 1, "y": 1 })).await;
    }

    /// The page as a PNG.
    pub(crate) async fn picture(&self) -> Vec<u8> {
        use base64::Engine;
        let data = self.cdp("Page.captureScreenshot", &json!({ "format": "png" })).await;
        base64::engine::general_purpose::STANDARD.decode(data["data"].as_str().unwrap()).unwrap()
    }

    async fn find(&self, xpath: &str) -> String {
        let answer = self.post("element", &json!({ "using": "xpath", "value": xpath })).await;
        answer.as_object().and_then(|found| found.values().next()?.as_str()).unwrap().to_owned()
    }

    async fn cdp(&self, command: &str, parameters: &Value) -> Value {
        self.post("goog/cdp/execute", &json!({ "cmd": command, "params": parameters })).await
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let answer = self.post_raw(path, body).await;
        if !answer["value"]["error"].is_null() {
            panic!("{path} {body}: {}\n{}", answer["value"]["message"], Box::pin(self.shown()).await);
        }
        answer["value"].clone()
    }

    async fn post_raw(&self, path: &str, body: &Value) -> Value {
        let url = format!("http://127.0.0.1:{}/session/{}/{path}", self.port, self.session);
        http().post(url).json(body).send().await.unwrap().json().await.unwrap()
    }
}

impl Drop for Browser {
    // The driver dies with its handle, but would leave Chromium behind.
    fn drop(&mut self) {
        let Ok(mut driver) = TcpStream::connect(("127.0.0.1", self.port)) else { return };
        drop(driver.set_read_timeout(Some(Duration::from_secs(10))));
        let request = format!("DELETE /session/{} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", self.session);
        if driver.write_all(request.as_bytes()).is_ok() {
            drop(driver.read(&mut [0; 64]));
        }
    }
}

async fn start_driver() -> (Child, u16) {
    let mut command = Command::new("chromedriver");
    command.arg("--port=0").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let mut driver = command.spawn().unwrap_or_else(|error| {
        panic!("chromedriver cannot be started ({error}): install Debian's chromium and chromium-driver")
    });
    let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
    // "ChromeDriver was started successfully on port 43821."
    let starting = async {
        loop {
            let line = lines.next_line().await.unwrap().expect("chromedriver says its port");
            if let Some((_, port)) = line.split_once("successfully on port ") {
                return port.trim_end_matches('.').parse().unwrap();
            }
        }
    };
    let port = tokio::time::timeout(SOON, starting).await.expect("chromedriver starts");
    // It writes on; a closed pipe would end it.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    (driver, port)
}
