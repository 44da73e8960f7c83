package aws

import "encoding/xml"

// autoScalingAnswer is the envelope of an Auto Scaling answer.
type autoScalingAnswer struct {
	XMLName   xml.Name
	Space     string `xml:"xmlns,attr"`
	Result    *named
	RequestID string `xml:"ResponseMetadata>RequestId"`
}

// ec2Answer is the envelope of an EC2 answer: the result's elements stand beside the request's id.
type ec2Answer struct {
	XMLName   xml.Name
	Space     string `xml:"xmlns,attr"`
	RequestID string `xml:"requestId"`
	Result    any
}

// MarshalXML writes the elements of Result without one around them.
func (a *ec2Answer) MarshalXML(e *xml.Encoder, _ xml.StartElement) error {
	start := xml.StartElement{Name: a.XMLName, Attr: []xml.Attr{{Name: xml.Name{Local: "xmlns"}, Value: a.Space}}}
	if err := e.EncodeToken(start); err != nil {
		return err
	}
	if err := e.EncodeElement(a.RequestID, xml.StartElement{Name: xml.Name{Local: "requestId"}}); err != nil {
		return err
	}
	for _, one := range a.Result.(elements) {
		if err := e.EncodeElement(one.value, xml.StartElement{Name: xml.Name{Local: one.name}}); err != nil {
			return err
		}
	}
	return e.EncodeToken(start.End())
}

// elements are what stands in an EC2 answer.
type elements []struct {
	name  string
	value any
}

// named is a value under a name that only the request tells.
type named struct {
	name  xml.Name
	value any
}

// MarshalXML writes the value under its name; nothing in it where it is nil.
func (n *named) MarshalXML(e *xml.Encoder, _ xml.StartElement) error {
	if n.value == nil {
		return e.EncodeElement("", xml.StartElement{Name: n.name})
	}
	return e.EncodeElement(n.value, xml.StartElement{Name: n.name})
}

// list is a list as EC2 writes it.
type list[T any] struct {
	Items []T `xml:"item"`
}

func errorBody(service, id string, f *failure) any {
	if service == autoScalingService {
		kind := "Sender"
		if f.status >= 500 {
			kind = "Receiver"
		}
		return &struct {
			XMLName   xml.Name `xml:"ErrorResponse"`
			Type      string   `xml:"Error>Type"`
			Code      string   `xml:"Error>Code"`
			Message   string   `xml:"Error>Message"`
			RequestID string   `xml:"RequestId"`
		}{Type: kind, Code: f.code, Message: f.message, RequestID: id}
	}
	return &struct {
		XMLName   xml.Name `xml:"Response"`
		Code      string   `xml:"Errors>Error>Code"`
		Message   string   `xml:"Errors>Error>Message"`
		RequestID string   `xml:"RequestID"`
	}{Code: f.code, Message: f.message, RequestID: id}
}
