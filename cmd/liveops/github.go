package main

import (
	"crypto/rsa"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strconv"

	"liveops/bot"
	"liveops/bot/hub"
)

// hub makes the bot's way to GitHub of the settings. All that is missing or wrong is told at once.
func (a *app) hub(log *slog.Logger) (*hub.Hub, error) {
	o, err := a.identity()
	o.Log = log
	dir, wrong := a.stateDir()
	err = errors.Join(err, wrong)
	o.LargeDir = filepath.Join(dir, "lfs")
	o.PublicURL, wrong = a.publicURL()
	err = errors.Join(err, wrong)
	if o.URL, wrong = a.settings.get("LIVEOPS_GITHUB_URL"); wrong != nil {
		return nil, errors.Join(err, wrong)
	}
	h, wrong := hub.New(o)
	switch {
	case errors.Is(wrong, hub.ErrAddress):
		err = errors.Join(err, &bot.SettingError{Setting: "LIVEOPS_GITHUB_URL", Reason: fmt.Sprintf("is %q; expected an address such as https://github.example.com", o.URL)})
	case err == nil:
		err = wrong
	}
	return h, err
}

// identity is the account that the bot acts as: a token's, or a GitHub App.
func (a *app) identity() (o hub.Options, err error) {
	var id, key string
	for _, s := range []struct {
		name string
		into *string
	}{{"LIVEOPS_GITHUB_TOKEN", &o.Token}, {"LIVEOPS_GITHUB_APP_ID", &id}, {"LIVEOPS_GITHUB_APP_KEY", &key}} {
		value, wrong := a.settings.get(s.name)
		*s.into, err = value, errors.Join(err, wrong)
	}
	if err != nil {
		return o, err // what is given but cannot be read is not missing
	}
	switch {
	case o.Token == "" && id == "" && key == "":
		return o, &bot.SettingError{Setting: "LIVEOPS_GITHUB_TOKEN", Reason: "is not set, nor is LIVEOPS_GITHUB_APP_ID: the bot reads the data repo and writes comments with a token, or as a GitHub App"}
	case o.Token != "" && (id != "" || key != ""):
		return o, &bot.SettingError{Setting: "LIVEOPS_GITHUB_TOKEN", Reason: "and LIVEOPS_GITHUB_APP_ID or LIVEOPS_GITHUB_APP_KEY are both set; keep one"}
	case o.Token != "":
		return o, nil
	}
	var wrongID, wrongKey error
	o.AppID, wrongID = appID(id)
	o.AppKey, wrongKey = appKey(key)
	return o, errors.Join(wrongID, wrongKey)
}

func appID(text string) (int64, error) {
	const setting = "LIVEOPS_GITHUB_APP_ID"
	if text == "" {
		return 0, &bot.SettingError{Setting: setting, Reason: "is not set, but LIVEOPS_GITHUB_APP_KEY is: the number on the App's page"}
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id <= 0 {
		return 0, &bot.SettingError{Setting: setting, Reason: fmt.Sprintf("is %q; expected the number on the App's page", text)}
	}
	return id, nil
}

func appKey(text string) (*rsa.PrivateKey, error) {
	const setting = "LIVEOPS_GITHUB_APP_KEY"
	if text == "" {
		return nil, &bot.SettingError{Setting: setting, Reason: "is not set, but LIVEOPS_GITHUB_APP_ID is: the App's private key, in PEM"}
	}
	key, err := hub.ParseKey([]byte(text))
	if err != nil {
		return nil, &bot.SettingError{Setting: setting, Reason: err.Error()}
	}
	return key, nil
}
